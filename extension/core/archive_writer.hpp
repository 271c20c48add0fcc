// Writes an archive as a concatenation of gzip members. What is already stored as members passes
// through untouched.
//
//   ArchiveWriter writer(manifest.created_at_seconds(), sink);
//   const std::string text = manifest.to_json();
//   const auto entries = archive_entries(manifest, text);
//   writer.add_file(kManifestEntry, text);
//   for (each further entry) { writer.begin_entry(entry.name, entry.size);
//   writer.add_member(...)...;
//                              writer.end_entry(); }
//   const std::string sums = sums_text(entries);
//   writer.finish(sums, signature_text(sign_sums(identity, key, sums)));
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/member.hpp"

namespace company_backup {

class ArchiveWriter {
 public:
  // Gets the bytes of the file, in order; the view is valid during the call only.
  using Sink = std::function<void(std::string_view bytes)>;

  ArchiveWriter(std::int64_t mtime, Sink sink);

  // `size` is uncompressed. end_entry() throws kDamagedArchive if the members did not sum up to it.
  void begin_entry(std::string_view name, std::uint64_t size);
  void add_member(std::string_view member);  // exactly one complete gzip member
  void end_entry();

  // A whole entry at once, compressed here.
  void add_file(std::string_view name, std::string_view content);

  // Adds SHA256SUMS and, if there is one, the signature, and ends the tar.
  void finish(std::string_view sums, const std::optional<std::string>& signature);

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
