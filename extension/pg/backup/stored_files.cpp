#include "pg/backup/stored_files.hpp"

#include "core/text/digest.hpp"
#include "core/text/error.hpp"
#include "core/text/line_cutter.hpp"
#include "core/text/member.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

constexpr size_t kMembersAtOnce = 16;
constexpr size_t kFilesAtOnce = 1000;

Arg digest_argument(const FileEntry& file) {
  return Arg::bytea({reinterpret_cast<const char*>(file.sha256.data()), file.sha256.size()});
}

}  // namespace

bool StoredFile::next(std::string& member) {
  if (position_ == page_.size()) {
    if (seq_ > 0 && page_.size() < kMembersAtOnce) return false;
    page_ = own_bytes(
        "SELECT data FROM company_backup.backup_file WHERE backup = $1 AND table_number = $2 AND "
        "column_number = $3 AND sha256 = $4 AND seq >= $5 ORDER BY seq LIMIT 16",
        {backup_, static_cast<int>(file_.table), static_cast<int>(file_.column),
         digest_argument(file_), seq_},
        Access::kRead);
    position_ = 0;
    seq_ += static_cast<int>(page_.size());
    if (page_.empty()) return false;
  }
  member = std::move(page_[position_++]);
  return true;
}

bool StoredFileList::next(FileEntry& file) {
  if (position_ == page_.size()) {
    if (ended_) return false;
    const FileEntry last = page_.empty() ? FileEntry{} : page_.back();
    const Rows rows = own_query(
        "SELECT table_number, column_number, encode(sha256, 'hex'), byte_count FROM "
        "company_backup.backup_file WHERE backup = $1 AND seq = 0 AND ($5 OR (table_number, "
        "column_number, sha256) > ($2, $3, $4)) ORDER BY table_number, column_number, sha256 "
        "LIMIT 1000",
        {backup_, static_cast<int>(last.table), static_cast<int>(last.column),
         digest_argument(last), page_.empty()},
        Access::kRead);
    ended_ = rows.size() < kFilesAtOnce;
    page_.clear();
    position_ = 0;
    for (const Row& row : rows) {
      page_.push_back({std::stoul(*row[0]), std::stoul(*row[1]), parse_hex(*row[2]).value(),
                       std::stoull(*row[3])});
    }
    if (page_.empty()) return false;
  }
  file = page_[position_++];
  return true;
}

void read_stored_file(int64_t backup, const FileEntry& file, std::string& content) {
  content.clear();
  StoredFile members(backup, file);
  Sha256 digest;
  for (std::string member, piece; members.next(member);) {
    inflate_member(member, kMaxPieceSize, piece);
    digest.update(piece);
    content += piece;
    check_for_interrupts();
  }
  if (digest.finish() == file.sha256) return;
  throw Error(sqlstate::kDamagedArchive, "a stored backup is damaged")
      .detail("Backup " + std::to_string(backup) + " does not hold the file with the SHA-256 " +
              hex(file.sha256) + ".");
}

}  // namespace company_backup
