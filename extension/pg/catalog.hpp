// Reads pg_catalog into core/schema.hpp's Schema.
#pragma once

#include "core/schema.hpp"

namespace company_backup {

// Every table of the database but PostgreSQL's, the extension's own and temporary ones, as the
// catalog stands now (not as an old snapshot of the caller's sees it).
Schema load_schema();

}  // namespace company_backup
