// Which entries an archive holds, and the text of its last two, SHA256SUMS and signature.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive/archive_files.hpp"
#include "core/archive/manifest.hpp"
#include "core/text/digest.hpp"

namespace company_backup {

inline constexpr std::string_view kManifestEntry = "manifest.json";
inline constexpr std::string_view kSumsEntry = "SHA256SUMS";
inline constexpr std::string_view kSignatureEntry = "signature";

enum class Section { kShared, kTables };

struct ArchiveEntry {
  std::string name;
  std::uint64_t size = 0;
  Sha256Digest sha256{};
};

// shared/<name>.ndjson or tables/<name>.ndjson
std::string table_entry_name(Section section, const ManifestTable& table);

// The entries before the files, in archive order: manifest.json (exactly `manifest_text`), the
// shared tables, the tables.
std::vector<ArchiveEntry> archive_entries(const Manifest& manifest, std::string_view manifest_text);

// The text of SHA256SUMS, as `sha256sum -c` reads it, line by line: of the entries, then of the
// files. Both must outlive it.
class SumsLines {
 public:
  SumsLines(const std::vector<ArchiveEntry>& entries, const std::vector<FileFolder>& folders)
      : entries_(entries), folders_(folders) {}

  std::uint64_t size() const;  // of all lines, line ends included
  // Appends the next line; false after the last.
  bool next(std::string& text);

 private:
  const std::vector<ArchiveEntry>& entries_;
  const std::vector<FileFolder>& folders_;
  std::size_t entry_ = 0, folder_ = 0, file_ = 0;  // of the next line
};

struct Signature {
  std::string identity;  // of the database that signed: a lower-case uuid
  Sha256Digest hmac{};   // HMAC-SHA256 over the bytes of SHA256SUMS
};

Sha256Digest hmac_of(std::string_view key, SumsLines sums);
// One line: `hmac-sha256 <identity> <hex>` and a line end.
std::string signature_text(const Signature& signature);
// Error kBadArchive unless signature_text() could have made it.
Signature parse_signature(std::string_view text);

bool is_lower_uuid(std::string_view text);

}  // namespace company_backup
