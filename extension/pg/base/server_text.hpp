// Archives, their manifests and the reader of JSON documents work with UTF-8; what SQL gives and
// takes is in the server's encoding. In a database of UTF-8 all of this gives back what it is
// given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/json_path.hpp"

namespace company_backup {

// Is it neither UTF-8 nor SQL_ASCII, whose bytes stay what they are?
bool has_other_encoding();

// An error of PostgreSQL's if a character is none of the other encoding.
std::string utf8_of(std::string_view server_text);
std::string server_text(std::string_view utf8);

// JSON in ASCII alone, which is the same in all encodings, where the server's is not UTF-8.
std::string storable_json(std::string json);

// The path of a rule, for documents in UTF-8.
JsonPath path_of_rule(const std::string& server_text);

// collect_ids() of a document as SQL gives it. A value that no text of this database can be is put
// to the others.
void collect_server_ids(const JsonPath& path, const std::string& document,
                        std::vector<std::string>& values, std::vector<std::string>& others);

}  // namespace company_backup
