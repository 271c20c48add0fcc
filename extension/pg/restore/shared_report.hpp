// Telling what became of the shared rows and people that a backup refers to.
#pragma once

#include <string>
#include <vector>

#include "pg/load/matched_archive.hpp"

namespace company_backup {

// Error kCollapsed lists the rows that could not all be there, because several people or shared
// rows become one. To be called before rows get new IDs.
void require_distinct(const LiveScope& live, MatchedArchive& load);

// Into restore_problems(): whose key is another one here, or whose place the actor takes.
void note_substitutions(const LiveScope& live, int64_t restore,
                        const std::vector<SharedReport>& reports);

// One line for a preview; nullopt if there is nothing to tell.
Text describe(const SharedReport& report);

}  // namespace company_backup
