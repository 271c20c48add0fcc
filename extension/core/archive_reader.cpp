#include "core/archive_reader.hpp"

#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/printable.hpp"
#include "core/table_checker.hpp"
#include "core/tar.hpp"

namespace company_backup {

namespace {

constexpr std::uint64_t kLargestSignature = 256;

// The first line at which two texts differ, for a message.
std::string first_difference(std::string_view found, std::string_view expected) {
  std::size_t line = 1;
  for (std::size_t i = 0; i < found.size() && found[i] == expected[i]; ++i) {
    if (found[i] == '\n') ++line;
  }
  return std::to_string(line);
}

}  // namespace

class ArchiveReader::Impl : private TarEvents {
 public:
  Impl(ArchiveSink& sink, const ArchiveLimits& limits)
      : sink_(sink),
        limits_(limits),
        tar_(*this),
        stream_(limits.inflate, [this](std::string_view raw) { feed_tar(raw); }) {}

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
  const std::string& sums() const { return sums_; }
  const std::optional<Signature>& signature() const { return signature_; }

 private:
  enum class Stage { kManifest, kTables, kSums, kSignature, kNothing };

  void feed_tar(std::string_view raw) {
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

  std::string_view expected_name() const {
    switch (stage_) {
      case Stage::kManifest:
        return kManifestEntry;
      case Stage::kTables:
        return entries_[next_].name;
      case Stage::kSums:
        return kSumsEntry;
      case Stage::kSignature:
        return kSignatureEntry;
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
      case Stage::kSums:
        return demand_size(size, expected_sums_.size());
      case Stage::kSignature:
      case Stage::kNothing:
        return demand_at_most(size, kLargestSignature);
    }
  }

  void entry_data(std::string_view bytes) override {
    if (table_) {
      table_->feed(bytes);
    } else {
      text_.append(bytes);
    }
  }

  void end_entry() override {
    switch (stage_) {
      case Stage::kManifest:
        return end_manifest();
      case Stage::kTables:
        return end_table();
      case Stage::kSums:
        return end_sums();
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
    table_.reset();
    sink_.end_table();
    ++next_;
    if (next_ == entries_.size()) stage_ = Stage::kSums;
  }

  void end_manifest() {
    manifest_text_ = std::exchange(text_, {});
    manifest_ = Manifest::from_json(manifest_text_);
    entries_ = archive_entries(manifest_, manifest_text_);
    expected_sums_ = sums_text(entries_);
    next_ = 1;
    stage_ = entries_.size() > 1 ? Stage::kTables : Stage::kSums;
    sink_.manifest(manifest_);
  }

  void end_sums() {
    if (text_ != expected_sums_) {
      throw Error(sqlstate::kDamagedArchive, "archive is damaged")
          .detail("Line " + first_difference(text_, expected_sums_) + " of entry " +
                  in_quotes(kSumsEntry) + " is not what the entries before it give.");
    }
    sums_ = std::exchange(text_, {});
    stage_ = Stage::kSignature;
  }

  [[noreturn]] void refuse_entry(std::string_view name) const {
    const std::string_view expected = expected_name();
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
  std::string text_;      // its content, unless it is a table
  std::optional<TableChecker> table_;

  Manifest manifest_;
  std::string manifest_text_;
  std::string expected_sums_;
  std::string sums_;
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
const std::string& ArchiveReader::sums() const {
  return impl_->sums();
}
const std::optional<Signature>& ArchiveReader::signature() const {
  return impl_->signature();
}

bool ArchiveReader::check_signature(std::string_view key) const {
  const auto& signature = impl_->signature();
  return signature && equal_constant_time(signature->hmac, hmac_sha256(key, impl_->sums()));
}

}  // namespace company_backup
