// Materialized views do not change with what they show.
#pragma once

#include "pg/scope/company_scope.hpp"

namespace company_backup {

// A notice that names those that show rows of these tables, if there are any.
void note_views(const LiveScope& live, TablesOf which = TablesOf::kTravelling);

}  // namespace company_backup
