// Columns treated as "group". Those that have one name hold the same groups: where rows of two
// tables have the same number in them, they mean the same group.
#pragma once

#include <vector>

#include "core/scope/column_roots.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// Columns of one name, all integers or all UUIDs: first those of tables that travel, in the order
// of the scope, of which there are some; then those of others, whose numbers are taken, but never
// renewed.
using GroupColumns = std::vector<ColumnRoot>;

std::vector<GroupColumns> group_columns(const Schema& schema, const Rules& rules,
                                        const Scope& scope);

// The columns that hold the same groups as this one; null if it is none of them.
const GroupColumns* find_group(const std::vector<GroupColumns>& groups, const ColumnRoot& column);

}  // namespace company_backup
