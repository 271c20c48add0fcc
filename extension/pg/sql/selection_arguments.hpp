// The arguments tables, only and records.
#pragma once

#include "core/merge/selection.hpp"
#include "pg/base/arguments.hpp"
#include "pg/scope/guard.hpp"

namespace company_backup {

// Three arguments from `first` on; NULL leaves each out. Error kInvalidParameter says which is not
// what it has to be.
Selection read_selection(FunctionCallInfo fcinfo, int first);

// For the guard: what is given of them.
void describe_selection(Detail& detail, const Selection& selection);

}  // namespace company_backup
