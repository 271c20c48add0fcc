// What set-up functions say of tables: rules are stored by name, and may name only what is there.
#pragma once

#include <string>
#include <vector>

#include "pg/base/postgres.hpp"

namespace company_backup {

struct NamedTable {
  std::string schema, name;
};

// Error kBadRule if it is no table that can have rules.
NamedTable named_table(Oid table);

// Error 42703.
void require_column(Oid table, const std::string& column);

// Only the owner of a table may set what runs as its owner. Error 42501.
void require_table_owner(Oid table, const NamedTable& named);

void notice(const std::string& message);

}  // namespace company_backup
