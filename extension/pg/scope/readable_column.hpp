// What may be told of a column's values to whoever sets rules.
#pragma once

#include <string>

#include "pg/base/postgres.hpp"

namespace company_backup {

// May the caller read the column in each row? Whoever sets rules learns nothing of what he may not
// read. False for tables whose rows are elsewhere.
bool may_read_column(Oid table, const std::string& column);

}  // namespace company_backup
