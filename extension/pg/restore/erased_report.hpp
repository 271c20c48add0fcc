// What a restore and its preview say of rows that were erased, and do not come back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/load/fitted_archive.hpp"

namespace company_backup {

// For the row of a table in a preview.
std::vector<std::string> erased_notes(const FittedArchive& archive, const Table& table);

// Lists them by table as problems of the restore, without saying which they were, and tells how
// many there are.
void note_erased(const LiveScope& live, int64_t restore, const FittedArchive& archive);

}  // namespace company_backup
