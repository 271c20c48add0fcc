// A small archive that uses every feature of the format, and the means to tamper with it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive/archive_reader.hpp"

namespace company_backup::sample {

inline constexpr std::string_view kIdentity = "0d3f9a52-5a3c-4c39-8f0e-7b1f6f0e2a11";
inline constexpr std::string_view kKey = "a key of the database that signs";

struct File {
  std::string name;
  std::string content;
};
using Files = std::vector<File>;

// A backup before it becomes files. `shared` and `tables` hold the NDJSON text of the tables of the
// same index in the manifest.
struct Backup {
  Manifest manifest;
  std::vector<std::string> shared;
  std::vector<std::string> tables;
  // Contents by folder, in the order of file_folders().
  std::vector<std::set<std::string>> files;

  // Makes rows, bytes, digests and counts of the manifest true.
  void settle();
};

// Settled: a shared table, tables with integer, text, composite and no key, an empty table one with
// a name that needs a pax header, and one with files.
Backup small_backup();

// The entry of a file in a folder of the archive, and all such entries.
File file_of(const FileFolder& folder, const std::string& content);
Files entries_of_files(const Backup& backup);

// The entries of the archive, with digests and signature that fit whatever the backup holds.
Files files_of(const Backup& backup);
// Replaces the last entries, SHA256SUMS and signature, by ones that fit those before them.
void seal(Files& files);

std::string tar_of(const Files& files);
std::string gzip_of(std::string_view raw);
// As an export makes it: several members.
std::string archive_of(const Files& files);

// Everything a reader told.
struct Recording : ArchiveSink {
  std::optional<Manifest> told;
  std::vector<std::string> shared;
  std::vector<std::string> tables;
  std::vector<std::string> pieces;
  Files files;  // by the digests that were told
  std::size_t ended = 0;

  void manifest(const Manifest& manifest) override;
  void begin_table(Section section, std::size_t index) override;
  void lines(std::string_view piece) override;
  void end_table() override;
  void begin_file(const FileEntry& file) override;
  void file_data(std::string_view piece) override;
  void end_file() override;

 private:
  std::string* current_ = nullptr;
};

// Feeds `archive` in parts of `step` bytes and finishes; true if the signature fits kKey.
bool read(std::string_view archive, Recording& recording, const ArchiveLimits& limits = {},
          std::size_t step = static_cast<std::size_t>(-1));

}  // namespace company_backup::sample
