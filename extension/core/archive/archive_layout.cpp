#include "core/archive/archive_layout.hpp"

#include "core/text/error.hpp"
#include "core/text/hex.hpp"

namespace company_backup {

namespace {

constexpr std::string_view kScheme = "hmac-sha256";

void add_tables(std::vector<ArchiveEntry>& entries, Section section,
                const std::vector<ManifestTable>& tables) {
  for (const ManifestTable& table : tables) {
    entries.push_back({table_entry_name(section, table), table.bytes, table.sha256});
  }
}

}  // namespace

std::string table_entry_name(Section section, const ManifestTable& table) {
  return (section == Section::kShared ? "shared/" : "tables/") + table.name + ".ndjson";
}

std::vector<ArchiveEntry> archive_entries(const Manifest& manifest,
                                          std::string_view manifest_text) {
  std::vector<ArchiveEntry> entries;
  entries.reserve(1 + manifest.shared.size() + manifest.tables.size());
  entries.push_back({std::string(kManifestEntry), manifest_text.size(), sha256(manifest_text)});
  add_tables(entries, Section::kShared, manifest.shared);
  add_tables(entries, Section::kTables, manifest.tables);
  return entries;
}

std::uint64_t SumsLines::size() const {
  constexpr std::uint64_t kBesideName = 2 * sizeof(Sha256Digest) + 3;  // two spaces, line end
  std::uint64_t size = 0;
  for (const ArchiveEntry& entry : entries_) size += entry.name.size() + kBesideName;
  for (const FileFolder& folder : folders_) {
    const std::uint64_t name = folder.name.size() + 2 * sizeof(Sha256Digest);
    size += folder.digests.size() * (name + kBesideName);
  }
  return size;
}

bool SumsLines::next(std::string& text) {
  if (entry_ < entries_.size()) {
    const ArchiveEntry& entry = entries_[entry_++];
    text += hex(entry.sha256) + "  " + entry.name + "\n";
    return true;
  }
  for (; folder_ < folders_.size(); ++folder_, file_ = 0) {
    const FileFolder& folder = folders_[folder_];
    if (file_ == folder.digests.size()) continue;
    const std::string digest = hex(folder.digests[file_++]);
    text += digest + "  " + folder.name + digest + "\n";
    return true;
  }
  return false;
}

Sha256Digest hmac_of(std::string_view key, SumsLines sums) {
  HmacSha256 hmac(key);
  for (std::string line; sums.next(line); line.clear()) hmac.update(line);
  return hmac.finish();
}

std::string signature_text(const Signature& signature) {
  return std::string(kScheme) + " " + signature.identity + " " + hex(signature.hmac) + "\n";
}

Signature parse_signature(std::string_view text) {
  constexpr std::size_t kUuid = 36;
  constexpr std::size_t kHex = 64;
  constexpr std::size_t kIdentityAt = kScheme.size() + 1;
  constexpr std::size_t kHexAt = kIdentityAt + kUuid + 1;
  if (text.size() == kHexAt + kHex + 1) {
    const auto hmac = parse_hex(text.substr(kHexAt, kHex));
    Signature signature{std::string(text.substr(kIdentityAt, kUuid)),
                        hmac.value_or(Sha256Digest{})};
    if (hmac && is_lower_uuid(signature.identity) && signature_text(signature) == text) {
      return signature;
    }
  }
  throw Error(sqlstate::kBadArchive, "the signature of the archive is malformed");
}

bool is_lower_uuid(std::string_view text) {
  constexpr std::string_view kPattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kPattern.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (kPattern[i] == '-' ? c != '-' : lower_hex_value(c) < 0) return false;
  }
  return true;
}

}  // namespace company_backup
