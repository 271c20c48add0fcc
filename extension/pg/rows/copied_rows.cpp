#include "pg/rows/copied_rows.hpp"

#include "pg/base/boundary.hpp"
#include "pg/base/compat.hpp"
#include "pg/base/progress.hpp"

namespace company_backup {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 17;

// Of a row at `at` in a piece: as minimal tuples begin.
size_t size_of_tuple(const std::string& piece, size_t at) {
  uint32_t size;
  piece.copy(reinterpret_cast<char*>(&size), sizeof(size), at);
  return size;
}

}  // namespace

struct CopiedRows::Receiver {
  DestReceiver base;
  CopiedRows* self;
  const TableQuery* query;
  Rows* rows;
  uint64_t count;
  MemoryContext row_memory;
};

CopiedRows::CopiedRows()
    : memory_(guarded([] {
        return AllocSetContextCreate(CurrentMemoryContext, "company_backup copied rows",
                                     ALLOCSET_DEFAULT_SIZES);
      })),
      file_(guarded([] { return BufFileCreateTemp(false); })),
      snapshot_(guarded([] { return RegisterSnapshot(GetActiveSnapshot()); })) {}

bool CopiedRows::receive(TupleTableSlot* slot, DestReceiver* destination) {
  auto* receiver = reinterpret_cast<Receiver*>(destination);
  return callback([=] {
    const MemoryContext before = MemoryContextSwitchTo(receiver->row_memory);
    slot_getallattrs(slot);
    MinimalTuple row = minimal_tuple_of(slot);
    MemoryContextSwitchTo(before);
    std::string& waiting = receiver->self->waiting_;
    waiting.append(reinterpret_cast<const char*>(row), row->t_len);
    waiting.resize(MAXALIGN(waiting.size()));
    MemoryContextReset(receiver->row_memory);
    ++receiver->count;
    count_row();
    if (waiting.size() >= kPieceBytes) receiver->self->write(*receiver->rows);
    CHECK_FOR_INTERRUPTS();
    return true;
  });
}

void CopiedRows::write(Rows& rows) {
  if (waiting_.empty()) return;
  Piece piece{0, 0, waiting_.size()};
  guarded([&] {
    BufFileTell(file_, &piece.file, &piece.offset);
    BufFileWrite(file_, waiting_.data(), waiting_.size());
  });
  rows.pieces.push_back(piece);
  waiting_.clear();
}

uint64_t CopiedRows::add(size_t number, const TableQuery& query) {
  Rows& rows = tables_[number];
  Receiver receiver{};
  init_receiver(receiver.base, receive);
  receiver.base.rStartup = [](DestReceiver* destination, int, TupleDesc form) {
    auto* self = reinterpret_cast<Receiver*>(destination);
    callback([=] { require_form(*self->query, form); });
    const MemoryContext before = MemoryContextSwitchTo(self->self->memory_);
    self->rows->form = CreateTupleDescCopy(form);
    MemoryContextSwitchTo(before);
  };
  receiver.self = this;
  receiver.query = &query;
  receiver.rows = &rows;
  receiver.row_memory = guarded([this] {
    return AllocSetContextCreate(memory_, "company_backup row", ALLOCSET_DEFAULT_SIZES);
  });
  stream(query.sql, query.args, &receiver.base);
  guarded([&] { MemoryContextDelete(receiver.row_memory); });
  write(rows);
  return receiver.count;
}

void CopiedRows::read_piece(const Piece& piece, std::string& bytes) {
  bytes.resize(piece.size);
  char* const data = bytes.data();
  const bool whole = guarded([&] {
    return BufFileSeek(file_, piece.file, piece.offset, SEEK_SET) == 0 &&
           BufFileRead(file_, data, piece.size) == piece.size;
  });
  if (!whole) throw Error(sqlstate::kInternal, "a temporary file lost what was written");
}

void CopiedRows::each(size_t number, const std::function<void(TupleTableSlot*)>& row) {
  const Rows& rows = tables_.at(number);
  TupleTableSlot* slot =
      guarded([&] { return MakeSingleTupleTableSlot(rows.form, &TTSOpsMinimalTuple); });
  std::string bytes;
  for (const Piece& piece : rows.pieces) {
    read_piece(piece, bytes);
    for (size_t at = 0; at < bytes.size(); at += MAXALIGN(size_of_tuple(bytes, at))) {
      check_for_interrupts();
      // No error can arise here: the slot is one for minimal tuples, and has only to find columns.
      ExecStoreMinimalTuple(reinterpret_cast<MinimalTuple>(bytes.data() + at), slot, false);
      slot_getallattrs(slot);
      row(slot);
    }
  }
  guarded([&] { ExecDropSingleTupleTableSlot(slot); });
}

void CopiedRows::read(const MatchedTable& table, const std::vector<size_t>& wanted,
                      const Visitor& row) {
  TupleValues values(table.columns, wanted);
  each(table.number, [&](TupleTableSlot* slot) { row(values.read(slot)); });
  values.close();
}

void CopiedRows::write(const MatchedTable& table, MappedRowWriter& writer) {
  each(table.number, [&](TupleTableSlot* slot) {
    writer.write(slot);
    count_row();
  });
}

std::unique_ptr<LineSource> CopiedRows::lines(bool, size_t, const ManifestTable&) {
  throw Error(sqlstate::kInternal, "a copy of a company has no lines");
}

void CopiedRows::close() {
  guarded([this] {
    UnregisterSnapshot(snapshot_);
    BufFileClose(file_);
    MemoryContextDelete(memory_);
  });
}

}  // namespace company_backup
