// The name of a table inside an archive: `schema.table`, each part percent-encoded but for
// [A-Za-z0-9_-]. It is safe as a file name on every system and has exactly one spelling.
#pragma once

#include <string>
#include <string_view>

namespace company_backup {

struct TableName {
  std::string schema;
  std::string table;
  bool operator==(const TableName&) const = default;
};

// One part of such a name, also the name of a column.
std::string encode_name_part(std::string_view part);

std::string encode_table_name(std::string_view schema, std::string_view table);

// The inverse. Error kBadArchive unless `name` is exactly what encode_table_name makes of two
// non-empty parts without a NUL byte.
TableName decode_table_name(std::string_view name);

}  // namespace company_backup
