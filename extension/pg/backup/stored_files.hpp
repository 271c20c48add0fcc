// The files of a stored backup: members in company_backup.backup_file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/archive/archive_files.hpp"

namespace company_backup {

// The members of one file, in order.
class StoredFile {
 public:
  StoredFile() = default;
  StoredFile(int64_t backup, const FileEntry& file) : backup_(backup), file_(file) {}
  // False after the last.
  bool next(std::string& member);

 private:
  int64_t backup_ = 0;
  FileEntry file_;
  int seq_ = 0;  // of the next page
  std::vector<std::string> page_;
  size_t position_ = 0;
};

// The files of a backup, in archive order.
class StoredFileList {
 public:
  explicit StoredFileList(int64_t backup) : backup_(backup) {}
  // False after the last.
  bool next(FileEntry& file);

 private:
  int64_t backup_;
  std::vector<FileEntry> page_;
  size_t position_ = 0;
  bool ended_ = false;
};

// Replaces `content` by the content of the file of this table, column and digest. Error
// kDamagedArchive if it is not there or is not what its digest says.
void read_stored_file(int64_t backup, const FileEntry& file, std::string& content);

}  // namespace company_backup
