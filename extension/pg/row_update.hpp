// Changing one row without its triggers, as pg/row_writer.hpp loads rows.
#pragma once

#include <map>
#include <string>

#include "pg/spi.hpp"

namespace company_backup {

// `row_sql` with its one argument gives tableoid and ctid of the row; nothing happens if it gives
// none. Sets the columns (attribute number -> text form) to their new values.
//
// The caller needs UPDATE on these columns. Errors: PostgreSQL's own, 42501 and class 23 among
// them, and 40001 if the row changed meanwhile.
void update_row(Oid table, const std::string& name, const std::string& row_sql, const Arg& argument,
                const std::map<int16_t, Text>& values);

}  // namespace company_backup
