// The contents behind the digests that rows of an archive have in columns of files.
#pragma once

#include <cstdint>
#include <string>

#include "core/archive/archive_match.hpp"
#include "core/text/row_line.hpp"

namespace company_backup {

class ArchivedFiles {
 public:
  explicit ArchivedFiles(int64_t backup) : backup_(backup) {}

  // Replaces `content` by the bytes of a value of a bytea column, which is not null: base64, or the
  // digest of a file. Error kDamagedArchive if the file is not there.
  void read(const MatchedTable& table, size_t column, const RowValue& value,
            std::string& content) const;

 private:
  int64_t backup_;
};

}  // namespace company_backup
