// Texts of PostgreSQL's where C++ objects are at hand; see pg/base/encoding.hpp.
#pragma once

#include <string>
#include <vector>

#include "core/text/json_path.hpp"

namespace company_backup {

// Error of PostgreSQL's if a character is none of UTF-8.
std::string utf8_of(const char* server_text);

// JSON that every database can store: in ASCII alone where its encoding is not UTF-8.
std::string storable_json(std::string json);

// collect_ids(), whose values are looked up in this database. A value that no text of it can be is
// put to the others.
void collect_storable_ids(const JsonPath& path, const std::string& document,
                          std::vector<std::string>& values, std::vector<std::string>& others);

}  // namespace company_backup
