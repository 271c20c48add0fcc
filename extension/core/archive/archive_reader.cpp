#include "core/archive/archive_reader.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/archive/table_checker.hpp"
#include "core/text/error.hpp"
#include "core/text/printable.hpp"
#include "core/text/tar.hpp"

namespace company_backup {

namespace {

constexpr std::uint64_t kLargestSignature = 256;

}  // namespace

class ArchiveReader::Impl : private TarEvents {
 public:
  Impl(ArchiveSink& sink, const ArchiveLimits& limits)
      : sink_(sink),
        limits_(limits),
        tar_(*this),
        stream_(limits.inflate, [this](std::string_view raw) { feed_tar(raw); }),
        cutter_([this](std::string_view piece) { sink_.file_data(piece); }) {}

  void feed(std::string_view bytes) {
    located([&] { stream_.feed(bytes); });
  }

  void finish() {
    located([&] { stream_.finish(); });
    tar_.finish();
    if (stage_ < Stage::kSignature) {
      throw Error(sqlstate::kBadArchive, "archive is not complete")
          .detail("Entry " + in_quotes(expected_name()) + " is missing.");
    }
  }

  const Manifest& manifest() const { return manifest_; }
  const std::string& manifest_text() const { return manifest_text_; }
  const std::optional<Signature>& signature() const { return signature_; }
  Sha256Digest hmac(std::string_view key) const { return hmac_of(key, {entries_, folders_}); }

 private:
  enum class Stage { kManifest, kTables, kFiles, kSums, kSignature, kNothing };

  void feed_tar(std::string_view raw) {
    sink_.progress();
    in_tar_ = true;
    tar_.feed(raw);
    in_tar_ = false;
  }

  // The decompressor does not know in which entry it fails; all others say it themselves.
  template <typename Function>
  void located(Function function) {
    try {
      function();
    } catch (const Error& error) {
      if (in_tar_ || entry_.empty()) throw;
      throw Error(error.sqlstate(), error.message())
          .detail(error.detail() + " This is in or after entry " + in_quotes(entry_) + ".")
          .hint(error.hint());
    }
  }

  std::string expected_name() const {
    switch (stage_) {
      case Stage::kManifest:
        return std::string(kManifestEntry);
      case Stage::kTables:
        return entries_[next_].name;
      case Stage::kFiles:
        return folders_[folder_].name + hex(folders_[folder_].digests[file_]);
      case Stage::kSums:
        return std::string(kSumsEntry);
      case Stage::kSignature:
        return std::string(kSignatureEntry);
      case Stage::kNothing:
        break;
    }
    return {};
  }

  void begin_entry(std::string_view name, std::uint64_t size) override {
    if (name != expected_name()) refuse_entry(name);
    entry_ = name;
    text_.clear();
    switch (stage_) {
      case Stage::kManifest:
        return demand_at_most(size, limits_.manifest_bytes);
      case Stage::kTables:
        demand_size(size, entries_[next_].size);
        return begin_table();
      case Stage::kFiles:
        return begin_file(size);
      case Stage::kSums:
        return demand_size(size, sums_->size());
      case Stage::kSignature:
      case Stage::kNothing:
        return demand_at_most(size, kLargestSignature);
    }
  }

  void entry_data(std::string_view bytes) override {
    switch (stage_) {
      case Stage::kTables:
        return table_->feed(bytes);
      case Stage::kFiles:
        digest_.update(bytes);
        return cutter_.feed(bytes);
      case Stage::kSums:
        return check_sums(bytes);
      case Stage::kManifest:
      case Stage::kSignature:
      case Stage::kNothing:
        text_.append(bytes);
    }
  }

  void end_entry() override {
    switch (stage_) {
      case Stage::kManifest:
        return end_manifest();
      case Stage::kTables:
        return end_table();
      case Stage::kFiles:
        return end_file();
      case Stage::kSums:
        stage_ = Stage::kSignature;
        return;
      case Stage::kSignature:
      case Stage::kNothing:
        signature_ = parse_signature(text_);
        stage_ = Stage::kNothing;
    }
  }

  void begin_table() {
    const auto [section, index] = table_place();
    const ManifestTable& table =
        section == Section::kShared ? manifest_.shared[index] : manifest_.tables[index];
    sink_.begin_table(section, index);
    table_.emplace(table, entry_, limits_.line_bytes, limits_.json_depth,
                   [this](std::string_view piece) { sink_.lines(piece); });
  }

  std::pair<Section, std::size_t> table_place() const {
    const std::size_t index = next_ - 1;  // the manifest is the first entry
    const std::size_t shared = manifest_.shared.size();
    if (index < shared) return {Section::kShared, index};
    return {Section::kTables, index - shared};
  }

  void end_table() {
    table_->finish();
    if (const auto [section, index] = table_place(); section == Section::kTables) {
      for (std::size_t number = 0; folder_ < folders_.size(); ++folder_) {
        if (folders_[folder_].table != index) break;
        folders_[folder_].digests = table_->files(number++);
      }
    }
    table_.reset();
    sink_.end_table();
    ++next_;
    if (next_ == entries_.size()) begin_files();
  }

  void begin_files() {
    stage_ = Stage::kFiles;
    folder_ = file_ = 0;
    skip_full_folders();
  }

  // To the folder of the next file, or to what follows the last.
  void skip_full_folders() {
    for (; folder_ < folders_.size(); ++folder_, file_ = 0, folder_bytes_ = 0) {
      const FileFolder& folder = folders_[folder_];
      if (file_ < folder.digests.size()) return;
      if (folder_bytes_ == folder.expected.bytes) continue;
      throw Error(sqlstate::kDamagedArchive, "archive has files of a wrong size")
          .detail("Folder " + in_quotes(folder.name) + " has " + std::to_string(folder_bytes_) +
                  " bytes, but the manifest says " + std::to_string(folder.expected.bytes) + ".");
    }
    stage_ = Stage::kSums;
    sums_.emplace(entries_, folders_);
  }

  void begin_file(std::uint64_t size) {
    const FileFolder& folder = folders_[folder_];
    demand_at_most(size, limits_.file_bytes);
    folder_bytes_ += size;
    sink_.begin_file({folder.table, folder.column, folder.digests[file_], size});
  }

  void end_file() {
    cutter_.finish();
    if (digest_.finish() != folders_[folder_].digests[file_]) {
      throw Error(sqlstate::kDamagedArchive, "archive is damaged")
          .detail("The content of entry " + in_quotes(entry_) +
                  " does not have the SHA-256 of its name.")
          .hint("Copy or download the file again.");
    }
    sink_.end_file();
    ++file_;
    skip_full_folders();
  }

  void end_manifest() {
    manifest_text_ = std::exchange(text_, {});
    manifest_ = Manifest::from_json(manifest_text_);
    entries_ = archive_entries(manifest_, manifest_text_);
    folders_ = file_folders(manifest_);
    const std::uint64_t files = total_files(manifest_).count;
    if (files > limits_.files) {
      throw Error(sqlstate::kArchiveLimit, "archive has too many files")
          .detail("It has " + std::to_string(files) + "; the limit is " +
                  std::to_string(limits_.files) + ".");
    }
    next_ = 1;
    if (entries_.size() > 1) {
      stage_ = Stage::kTables;
    } else {
      begin_files();
    }
    sink_.manifest(manifest_);
  }

  // The size was right: there is a line for every byte.
  void check_sums(std::string_view bytes) {
    while (!bytes.empty()) {
      if (text_.empty()) {
        sums_->next(text_);
        ++sums_line_;
      }
      const std::size_t size = std::min(bytes.size(), text_.size());
      if (bytes.substr(0, size) != std::string_view(text_).substr(0, size)) {
        throw Error(sqlstate::kDamagedArchive, "archive is damaged")
            .detail("Line " + std::to_string(sums_line_) + " of entry " + in_quotes(kSumsEntry) +
                    " does not match the entries before it.");
      }
      text_.erase(0, size);
      bytes.remove_prefix(size);
    }
  }

  [[noreturn]] void refuse_entry(std::string_view name) const {
    const std::string expected = expected_name();
    if (stage_ == Stage::kManifest) {
      throw Error(sqlstate::kBadArchive, "this is not a company_backup archive")
          .detail("Its first entry is not " + in_quotes(expected) + ".");
    }
    throw Error(sqlstate::kBadArchive, "archive has an unexpected entry")
        .detail(expected.empty() ? "Entry " + in_quotes(name) + " follows the last one."
                                 : "Entry " + in_quotes(name) + " stands where " +
                                       in_quotes(expected) + " should be.");
  }

  void demand_size(std::uint64_t size, std::uint64_t expected) const {
    if (size == expected) return;
    throw Error(sqlstate::kDamagedArchive, "archive is damaged")
        .detail("Entry " + in_quotes(entry_) + " has " + std::to_string(size) +
                " bytes, but should have " + std::to_string(expected) + ".");
  }

  void demand_at_most(std::uint64_t size, std::uint64_t limit) const {
    if (size <= limit) return;
    throw Error(sqlstate::kArchiveLimit, "archive has an entry that is too large")
        .detail("Entry " + in_quotes(entry_) + " has " + std::to_string(size) +
                " bytes; the limit is " + std::to_string(limit) + ".");
  }

  ArchiveSink& sink_;
  ArchiveLimits limits_;
  TarParser tar_;
  MemberStream stream_;
  bool in_tar_ = false;

  Stage stage_ = Stage::kManifest;  // what the next entry must be, or the current one is
  std::vector<ArchiveEntry> entries_;
  std::size_t next_ = 0;  // in entries_
  std::string entry_;     // the name of the current or last entry
  std::string text_;      // its content; of the sums, what is left of the line that must come
  std::optional<TableChecker> table_;

  std::vector<FileFolder> folders_;
  std::size_t folder_ = 0,
              file_ = 0;  // the next or current; while there are tables, of the next table
  std::uint64_t folder_bytes_ = 0;  // of the files that came
  Sha256 digest_;
  FileCutter cutter_;

  std::optional<SumsLines> sums_;
  std::size_t sums_line_ = 0;

  Manifest manifest_;
  std::string manifest_text_;
  std::optional<Signature> signature_;
};

ArchiveReader::ArchiveReader(ArchiveSink& sink, const ArchiveLimits& limits)
    : impl_(std::make_unique<Impl>(sink, limits)) {}
ArchiveReader::~ArchiveReader() = default;
void ArchiveReader::feed(std::string_view bytes) {
  impl_->feed(bytes);
}
void ArchiveReader::finish() {
  impl_->finish();
}
const Manifest& ArchiveReader::manifest() const {
  return impl_->manifest();
}
const std::string& ArchiveReader::manifest_text() const {
  return impl_->manifest_text();
}
const std::optional<Signature>& ArchiveReader::signature() const {
  return impl_->signature();
}

bool ArchiveReader::check_signature(std::string_view key) const {
  const auto& signature = impl_->signature();
  return signature && equal_constant_time(signature->hmac, impl_->hmac(key));
}

}  // namespace company_backup
