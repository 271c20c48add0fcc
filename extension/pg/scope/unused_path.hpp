// A path of set_reference() that no document has is likely a mistake, but not for sure: documents
// that have it may come later.
#pragma once

#include <string>

#include "core/text/json_path.hpp"
#include "pg/base/boundary.hpp"

namespace company_backup {

// Looks at the first 10,000 documents of all companies, as the table's owner; a NOTICE if there are
// some and the path leads to a value in none of them. Foreign tables are not looked at.
void tell_of_unused_path(Oid table, const std::string& column, const JsonPath& path,
                         const std::string& path_text);

}  // namespace company_backup
