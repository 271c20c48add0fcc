// Rows that stay although their company goes, as set_table_retention() says: tax law, say.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pg/scope/company_scope.hpp"

namespace company_backup {

using Retention = std::map<TableIndex, std::string>;  // the reason of each table

// Error kStaleRule if a table is named that does not exist any more: its rows must not go because
// it has another name.
Retention load_retention(const LiveScope& live);

// A reference of kept rows to rows that go, and could not be without.
struct KeptNeed {
  TableIndex table;
  std::string what;
};

// Under the active snapshot. Of references inside arrays, paths and documents DeclaredReferences
// tells.
std::vector<KeptNeed> needs_of_kept(const LiveScope& live, const Company& company,
                                    const Retention& retention);

// Error kRetained.
void refuse_needs(const LiveScope& live, const Company& company, const Retention& retention);

}  // namespace company_backup
