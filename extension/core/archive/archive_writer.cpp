#include "core/archive/archive_writer.hpp"

#include <utility>

#include "core/archive/archive_layout.hpp"
#include "core/text/error.hpp"
#include "core/text/tar.hpp"

namespace company_backup {

ArchiveWriter::ArchiveWriter(std::int64_t mtime, Sink sink)
    : mtime_(mtime), sink_(std::move(sink)) {}

void ArchiveWriter::begin_entry(std::string_view name, std::uint64_t size) {
  name_ = name;
  size_ = size;
  seen_ = 0;
  emit_compressed(tar_header(name, size, mtime_));
}

void ArchiveWriter::add_member(std::string_view member) {
  seen_ += claimed_raw_size(member);
  sink_(member);
}

void ArchiveWriter::add_raw(std::string_view raw) {
  seen_ += raw.size();
  emit_compressed(raw);
}

void ArchiveWriter::end_entry() {
  if (seen_ != size_) {
    throw Error(sqlstate::kDamagedArchive, "a stored backup is damaged")
        .detail("Entry \"" + name_ + "\" should have " + std::to_string(size_) + " bytes, but " +
                std::to_string(seen_) + " are stored.");
  }
  const std::size_t padding = tar_padding(size_);
  if (padding > 0) emit_compressed(std::string(padding, '\0'));
}

void ArchiveWriter::add_file(std::string_view name, std::string_view content) {
  begin_entry(name, content.size());
  if (!content.empty()) add_raw(content);
  end_entry();
}

void ArchiveWriter::finish(const std::optional<std::string>& signature) {
  if (signature) add_file(kSignatureEntry, *signature);
  emit_compressed(std::string(kTarEnd, '\0'));
}

void ArchiveWriter::emit_compressed(std::string_view raw) {
  compressor_.compress(raw, member_);
  sink_(member_);
}

}  // namespace company_backup
