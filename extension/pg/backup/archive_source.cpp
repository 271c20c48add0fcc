#include "pg/backup/archive_source.hpp"

#include "pg/backup/stored_files.hpp"
#include "pg/scope/rules.hpp"

namespace company_backup {
namespace {

constexpr size_t kPieceBytes = size_t{128} << 10;
constexpr size_t kSumsPiece = size_t{1} << 20;
constexpr int kChunksAtOnce = 16;

class StoredMembers : public MemberSource {
 public:
  // `files_of`: the backup whose files follow its tables.
  StoredMembers(const char* sql, int64_t id, std::vector<Arg> more, std::optional<int64_t> files_of)
      : sql_(sql), id_(id), more_(std::move(more)) {
    if (files_of) files_.emplace(*files_of);
  }

  bool next_file(FileEntry& file) override {
    if (!files_ || !files_->next(file)) return false;
    file_.emplace(id_, file);
    return true;
  }

  void open(bool shared, int table_number) override {
    file_.reset();
    shared_ = shared;
    table_number_ = table_number;
    seq_ = 0;
    chunks_.clear();
    position_ = 0;
  }

  bool next(std::string& member) override {
    if (file_) return file_->next(member);
    if (position_ == chunks_.size()) {
      if (seq_ > 0 && chunks_.size() < kChunksAtOnce) return false;
      std::vector<Arg> args{id_, shared_, table_number_, seq_};
      args.insert(args.end(), more_.begin(), more_.end());
      chunks_ = own_bytes(sql_, args, Access::kRead);
      position_ = 0;
      seq_ += static_cast<int>(chunks_.size());
      if (chunks_.empty()) return false;
    }
    member = std::move(chunks_[position_++]);
    return true;
  }

 private:
  const char* sql_;
  int64_t id_;
  std::vector<Arg> more_;
  bool shared_ = false;
  int table_number_ = 0;
  int seq_ = 0;
  std::vector<std::string> chunks_;
  size_t position_ = 0;
  std::optional<StoredFileList> files_;
  std::optional<StoredFile> file_;  // the open one
};

}  // namespace

std::unique_ptr<MemberSource> members_of(const char* sql, int64_t id, std::vector<Arg> more) {
  return std::make_unique<StoredMembers>(sql, id, std::move(more), std::nullopt);
}

std::unique_ptr<MemberSource> stored_members(int64_t backup) {
  return std::make_unique<StoredMembers>(
      "SELECT data FROM company_backup.backup_chunk WHERE backup = $1 AND shared = $2 AND "
      "table_number = $3 AND seq >= $4 ORDER BY seq LIMIT 16",
      backup, std::vector<Arg>{}, backup);
}

Spool::Spool(bool with_files) {
  if (with_files) files_.emplace();
  guarded([this] {
    for (int i = 0; i < 2; ++i) {
      TupleDesc columns = CreateTemplateTupleDesc(2);
      TupleDescInitEntry(columns, 1, "table_number", INT4OID, -1, 0);
      TupleDescInitEntry(columns, 2, "member", BYTEAOID, -1, 0);
      stores_[i] = tuplestore_begin_heap(false, false, work_mem);
      slots_[i] = MakeSingleTupleTableSlot(columns, &TTSOpsMinimalTuple);
    }
  });
}

void Spool::put(bool shared, int table_number, int, std::string_view member) {
  guarded([&] {
    Datum values[2] = {
        Int32GetDatum(table_number),
        PointerGetDatum(cstring_to_text_with_len(member.data(), static_cast<int>(member.size())))};
    bool nulls[2] = {false, false};
    tuplestore_putvalues(stores_[shared], slots_[shared]->tts_tupleDescriptor, values, nulls);
    pfree(DatumGetPointer(values[1]));
  });
}

void Spool::put_file(const FileEntry& file, int seq, std::string_view member) {
  files_->put(file, seq, member);
}

bool Spool::next_file(FileEntry& file) {
  in_files_ = true;
  return files_ && files_->next(file);
}

void Spool::open(bool shared, int table_number) {
  shared_ = shared;
  table_number_ = table_number;
}

bool Spool::next(std::string& member) {
  if (in_files_) return files_->next_member(member);
  struct Piece {
    int table_number;
    const char* data;
    size_t size;
  };
  TupleTableSlot* slot = slots_[shared_];
  const Piece piece = guarded([&] {
    // A tuple read back from disk is the slot's to free: it must live as long as the slot.
    const MemoryContext before = MemoryContextSwitchTo(slot->tts_mcxt);
    const bool found =
        pending_[shared_] || tuplestore_gettupleslot(stores_[shared_], true, false, slot);
    MemoryContextSwitchTo(before);
    if (!found) return Piece{-1, nullptr, 0};
    bool is_null;
    const int number = DatumGetInt32(slot_getattr(slot, 1, &is_null));
    const varlena* bytes = PG_DETOAST_DATUM_PACKED(slot_getattr(slot, 2, &is_null));
    return Piece{number, VARDATA_ANY(bytes), static_cast<size_t>(VARSIZE_ANY_EXHDR(bytes))};
  });
  pending_[shared_] = piece.table_number > table_number_;
  if (piece.table_number != table_number_) return false;
  member.assign(piece.data, piece.size);
  return true;
}

void Spool::close() {
  guarded([this] {
    for (Tuplestorestate* store : stores_) tuplestore_end(store);
  });
  if (files_) files_->close();
}

ArchiveBytes::ArchiveBytes(Manifest manifest, std::string manifest_text,
                           std::unique_ptr<MemberSource> source)
    : manifest_(std::move(manifest)),
      manifest_text_(std::move(manifest_text)),
      entries_(archive_entries(manifest_, manifest_text_)),
      source_(std::move(source)),
      files_(manifest_),
      writer_(manifest_.created_at_seconds(),
              [this](std::string_view bytes) { pending_ += bytes; }) {}

bool ArchiveBytes::next(std::string& bytea) {
  pending_.assign(VARHDRSZ, '\0');
  while (!finished_ && pending_.size() < kPieceBytes) advance();
  if (pending_.size() == VARHDRSZ) return false;
  SET_VARSIZE(pending_.data(), pending_.size());
  bytea.swap(pending_);
  return true;
}

void ArchiveBytes::advance() {
  if (inside_) {
    std::string member;
    if (source_->next(member)) {
      writer_.add_member(member);
      return;
    }
    writer_.end_entry();
    inside_ = false;
  } else if (entry_ < entries_.size()) {
    begin_entry();
  } else if (FileEntry file; !sums_ && !files_.folders().empty() && source_->next_file(file)) {
    writer_.begin_entry(files_.add(file), file.bytes);
    inside_ = true;
  } else if (!sums_) {
    files_.finish();
    sums_.emplace(entries_, files_.folders());
    writer_.begin_entry(kSumsEntry, sums_->size());
  } else {
    write_sums();
  }
}

void ArchiveBytes::begin_entry() {
  if (entry_ == 0) {
    writer_.add_file(kManifestEntry, manifest_text_);
  } else {
    const size_t shared_count = manifest_.shared.size();
    const bool shared = entry_ <= shared_count;
    source_->open(shared, static_cast<int>(shared ? entry_ - 1 : entry_ - 1 - shared_count));
    writer_.begin_entry(entries_[entry_].name, entries_[entry_].size);
    inside_ = true;
  }
  ++entry_;
}

// A piece of SHA256SUMS; after the last, the signature.
void ArchiveBytes::write_sums() {
  std::string text;
  while (text.size() < kSumsPiece && sums_->next(text)) continue;
  if (!text.empty()) {
    writer_.add_raw(text);
    return;
  }
  writer_.end_entry();
  const DatabaseIdentity self = database_identity();
  writer_.finish(signature_text({self.identity, hmac_of(self.key, {entries_, files_.folders()})}));
  finished_ = true;
}

}  // namespace company_backup
