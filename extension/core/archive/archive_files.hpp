// Files in an archive. The values of a column that is treated as a file are not in the lines: these
// hold the SHA-256 of the content, and each distinct content is an entry of its own,
// files/<table>/<column>/<sha256>. Entries stand in the order of the manifest's tables, then
// columns, then ascending by digest.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/text/digest.hpp"

namespace company_backup {

// What contents are listed under.
inline constexpr const char* kFilesArea = "files";

// One file of a backup.
struct FileEntry {
  std::size_t table = 0;   // in Manifest::tables
  std::size_t column = 0;  // in its columns
  Sha256Digest sha256{};
  std::uint64_t bytes = 0;
};

// The files of one column.
struct FileFolder {
  std::size_t table = 0;
  std::size_t column = 0;
  std::string name;                   // files/<table>/<column>/
  ManifestFiles expected;             // what the manifest says
  std::vector<Sha256Digest> digests;  // ascending
};

// The folders of an archive, in its order, still without digests.
std::vector<FileFolder> file_folders(const Manifest& manifest);

// Files of a stored backup on their way into an archive.
class FileSequence {
 public:
  explicit FileSequence(const Manifest& manifest) : folders_(file_folders(manifest)) {}

  // The name of the entry of the next file. Errors kDamagedArchive, here and in finish(): the files
  // are not in archive order, or not as many and as large as the manifest says.
  std::string add(const FileEntry& file);
  void finish() const;

  const std::vector<FileFolder>& folders() const { return folders_; }

 private:
  std::vector<FileFolder> folders_;  // expected: what is still to come
  std::size_t folder_ = 0;           // of the last file
};

// Cuts a file into pieces, each to become one stored member: kPieceSize bytes, the last fewer; an
// empty file is one empty piece. The same bytes make the same pieces, however they were fed.
class FileCutter {
 public:
  using Sink = std::function<void(std::string_view piece)>;  // valid during the call only

  explicit FileCutter(Sink sink) : sink_(std::move(sink)) {}
  void feed(std::string_view bytes);
  // Hands over the last piece; the cutter is then as new.
  void finish();

 private:
  Sink sink_;
  std::string buffer_;
  bool any_ = false;
};

}  // namespace company_backup
