// What is asked before a column is called a path.
#pragma once

#include <string>

#include "core/scope/schema.hpp"
#include "pg/base/postgres.hpp"
#include "pg/sql/named_table.hpp"

namespace company_backup {

// Errors kBadRule: the column cannot be a text made of IDs, or its values show that it is not one.
void require_path(Oid table, const NamedTable& named, const std::string& column);

// The same of a reference rule for a column that is called a path; of others nothing is asked.
void require_path_reference(const ReferenceRule& rule);

}  // namespace company_backup
