// Unique indexes of expressions, with a predicate, or in which NULL equals NULL, and exclusion
// constraints: whose values meet.
#pragma once

#include <vector>

#include "pg/rows/key_lookup.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Does the index only compare columns for equality?
bool is_plain(const UniqueIndex& index);

// Would rows with these values of `columns` (all that the index uses; by column, NULLs as such)
// clash in the index with rows that are there, but for those of `target`, which may be null? The
// index's own code runs as the table's owner.
bool clashes(const LiveScope& live, TableIndex table, const UniqueIndex& index,
             const std::vector<const Column*>& columns,
             const std::vector<std::vector<Text>>& values, const Company* target);

}  // namespace company_backup
