// Reads pg_catalog into core/scope/schema.hpp's Schema.
#pragma once

#include "core/scope/schema.hpp"

namespace company_backup {

// Every table of the database but PostgreSQL's, the extension's own and temporary ones, as the
// catalog stands now (not as an old snapshot of the caller's sees it). `settings` name the company
// table; an outsider is a role without rights on it and on all tables whose foreign keys lead to
// it.
Schema load_schema(const Settings& settings);

}  // namespace company_backup
