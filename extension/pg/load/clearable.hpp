// Which columns of a reference may become NULL so that it leads nowhere.
#pragma once

#include <vector>

#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Those that may be NULL and serve no other reference; where all serve others, those that do not
// say whose the row is. Attribute numbers; none: the row cannot be without it.
std::vector<int16_t> clearable_columns(const LiveScope& live, const Reference& reference);

}  // namespace company_backup
