#include "pg/backup/archived_files.hpp"

#include "core/text/error.hpp"
#include "pg/backup/stored_files.hpp"

namespace company_backup {

void ArchivedFiles::read(const MatchedTable& table, size_t column, const RowValue& value,
                         std::string& content) const {
  if (!table.archived->columns[column].files) {
    content.clear();
    append_base64_decoded(content, value.text);
    return;
  }
  const auto digest = parse_hex(value.text);
  if (!digest) throw Error(sqlstate::kBadArchive, "a reference to a file is not a SHA-256 digest");
  read_stored_file(backup_, {table.number, column, *digest, 0}, content);
}

}  // namespace company_backup
