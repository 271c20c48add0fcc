#include "core/archive/archive_files.hpp"

#include "core/text/error.hpp"
#include "core/text/line_cutter.hpp"
#include "core/text/table_name.hpp"

namespace company_backup {

std::vector<FileFolder> file_folders(const Manifest& manifest) {
  std::vector<FileFolder> folders;
  for (std::size_t t = 0; t < manifest.tables.size(); ++t) {
    const ManifestTable& table = manifest.tables[t];
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const ManifestColumn& column = table.columns[c];
      if (!column.files) continue;
      folders.push_back({t,
                         c,
                         "files/" + table.name + "/" + encode_name_part(column.name) + "/",
                         *column.files,
                         {}});
    }
  }
  return folders;
}

namespace {

[[noreturn]] void refuse_stored_files(const FileFolder& folder) {
  throw Error(sqlstate::kDamagedArchive, "a stored backup is damaged")
      .detail("The files stored for folder \"" + folder.name + "\" differ from the manifest.");
}

}  // namespace

std::string FileSequence::add(const FileEntry& file) {
  while (folder_ < folders_.size() &&
         (folders_[folder_].table != file.table || folders_[folder_].column != file.column)) {
    ++folder_;
  }
  if (folder_ == folders_.size()) {
    throw Error(sqlstate::kDamagedArchive, "a stored backup is damaged")
        .detail("It has files of a column for which the manifest has none.");
  }
  FileFolder& folder = folders_[folder_];
  const bool ascends = folder.digests.empty() || folder.digests.back() < file.sha256;
  if (!ascends || folder.expected.count == 0 || folder.expected.bytes < file.bytes) {
    refuse_stored_files(folder);
  }
  --folder.expected.count;
  folder.expected.bytes -= file.bytes;
  folder.digests.push_back(file.sha256);
  return folder.name + hex(file.sha256);
}

void FileSequence::finish() const {
  for (const FileFolder& folder : folders_) {
    if (folder.expected.count > 0 || folder.expected.bytes > 0) refuse_stored_files(folder);
  }
}

void FileCutter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (buffer_.empty() && bytes.size() >= kPieceSize) {
      any_ = true;
      sink_(bytes.substr(0, kPieceSize));
      bytes.remove_prefix(kPieceSize);
      continue;
    }
    const std::string_view part = bytes.substr(0, kPieceSize - buffer_.size());
    buffer_.append(part);
    bytes.remove_prefix(part.size());
    if (buffer_.size() < kPieceSize) return;
    any_ = true;
    sink_(buffer_);
    buffer_.clear();
  }
}

void FileCutter::finish() {
  if (!buffer_.empty() || !any_) sink_(buffer_);
  buffer_.clear();
  any_ = false;
}

}  // namespace company_backup
