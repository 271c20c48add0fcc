// Writes an archive as a concatenation of gzip members. What is already stored as members passes
// through untouched.
//
//   ArchiveWriter writer(manifest.created_at_seconds(), sink);
//   const std::string text = manifest.to_json();
//   const auto entries = archive_entries(manifest, text);
//   writer.add_file(kManifestEntry, text);
//   for (each further entry and file) { writer.begin_entry(name, size);
//                                       writer.add_member(...)...;
//                                       writer.end_entry(); }
//   writer.begin_entry(kSumsEntry, sums.size()); writer.add_raw(...)...; writer.end_entry();
//   writer.finish(signature_text({identity, hmac_of(key, sums)}));
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/text/member.hpp"

namespace company_backup {

class ArchiveWriter {
 public:
  // Gets the bytes of the file, in order; the view is valid during the call only.
  using Sink = std::function<void(std::string_view bytes)>;

  ArchiveWriter(std::int64_t mtime, Sink sink);

  // `size` is uncompressed. end_entry() throws kDamagedArchive if the members did not sum up to it.
  void begin_entry(std::string_view name, std::uint64_t size);
  void add_member(std::string_view member);  // exactly one complete gzip member
  void add_raw(std::string_view raw);        // makes one member of it
  void end_entry();

  // A whole entry at once, compressed here.
  void add_file(std::string_view name, std::string_view content);

  // Adds the signature, if there is one, and ends the tar.
  void finish(const std::optional<std::string>& signature);

 private:
  void emit_compressed(std::string_view raw);

  std::int64_t mtime_;
  Sink sink_;
  MemberCompressor compressor_;
  std::string member_;
  std::string name_;
  std::uint64_t size_ = 0;
  std::uint64_t seen_ = 0;
};

}  // namespace company_backup
