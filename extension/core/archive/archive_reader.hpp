// Reads an archive of hostile origin, fed in any cutting, and checks all of it while it streams:
// the entries and their order, sizes, counts and digests against the manifest and SHA256SUMS, every
// line, the order of the keys, every file against the rows that mention it, and limits. Constant
// memory but for the manifest, one line, and 32 bytes for each file (while its table is read, about
// 100).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/archive/archive_layout.hpp"
#include "core/archive/manifest.hpp"
#include "core/text/member.hpp"
#include "core/text/row_line.hpp"

namespace company_backup {

struct ArchiveLimits {
  InflateLimits inflate;
  std::uint64_t manifest_bytes = kLargestManifest;
  std::uint64_t line_bytes = (std::uint64_t{1} << 30) - (std::uint64_t{64} << 10);
  unsigned json_depth = kDeepestJson;  // nesting inside one line, the row's own object included
  std::uint64_t file_bytes = kLargestFile;
  std::uint64_t files = kMostFiles;  // in the whole archive
};

// For somebody who runs the client on a file: rows of one repeated letter compress a thousandfold,
// and whatever a database wrote must be readable.
inline ArchiveLimits patient_limits() {
  ArchiveLimits limits;
  limits.inflate.expansion_ratio = InflateLimits::kAnyRatio;
  return limits;
}

// What the reader tells. What it told is proved only when finish() has returned: a later entry may
// still be damaged. An exception thrown here ends the reading.
class ArchiveSink {
 public:
  virtual ~ArchiveSink() = default;
  // Called at least once for every MiB of the uncompressed archive, whatever it is part of: the
  // place to look for a cancel.
  virtual void progress() {}
  virtual void manifest(const Manifest& manifest) = 0;
  // `index` in manifest.shared or manifest.tables.
  virtual void begin_table(Section section, std::size_t index) = 0;
  // Checked lines, cut as LineCutter cuts them whatever the cutting of the input was: compress each
  // piece and it is a stored chunk.
  virtual void lines(std::string_view piece) = 0;
  // Rows, bytes and digest of the table were right.
  virtual void end_table() = 0;
  // Files come after all tables.
  virtual void begin_file(const FileEntry& file) = 0;
  // Pieces as FileCutter cuts them.
  virtual void file_data(std::string_view piece) = 0;
  // The content is what the name says.
  virtual void end_file() = 0;
};

// Keeps nothing: for the reader's checks alone.
class NullSink : public ArchiveSink {
 public:
  void manifest(const Manifest&) override {}
  void begin_table(Section, std::size_t) override {}
  void lines(std::string_view) override {}
  void end_table() override {}
  void begin_file(const FileEntry&) override {}
  void file_data(std::string_view) override {}
  void end_file() override {}
};

// Errors: kBadArchive (not an archive, or malformed), kDamagedArchive (truncated, or counts and
// digests differ), kArchiveLimit; DETAIL names the entry and the line. After an error, drop it.
class ArchiveReader {
 public:
  explicit ArchiveReader(ArchiveSink& sink, const ArchiveLimits& limits = {});
  ~ArchiveReader();

  void feed(std::string_view bytes);
  void finish();

  // These after finish().
  const Manifest& manifest() const;
  const std::string& manifest_text() const;           // its exact bytes
  const std::optional<Signature>& signature() const;  // nothing: the archive is unsigned
  // Is it signed with this key?
  bool check_signature(std::string_view key) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace company_backup
