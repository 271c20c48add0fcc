// In which order the tables of a company are written.
#pragma once

#include <vector>

#include "core/scope/scope.hpp"

namespace company_backup {

// Orders tables (given in any order, none twice) so that those that others refer to stand first:
// what looks at a row while it is written, a CHECK that calls a function, finds the rows it may
// refer to. Tables that refer to each other in a circle stay together, by their references that
// cannot be NULL as far as these are no circle. Else tables keep their order. Positions.
std::vector<size_t> load_order(const Schema& schema, const Scope& scope,
                               const std::vector<TableIndex>& tables);

}  // namespace company_backup
