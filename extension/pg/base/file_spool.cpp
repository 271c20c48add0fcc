#include "pg/base/file_spool.hpp"

#include <algorithm>
#include <cstring>

#include "pg/base/boundary.hpp"

namespace company_backup {
namespace {

enum : AttrNumber { kTable = 1, kColumn, kDigest, kSeq, kBytes, kMember, kColumns = kMember };

constexpr AttrNumber kKey[] = {kTable, kColumn, kDigest, kSeq};
constexpr int kKeyColumns = 4;

Datum bytea_datum(const void* bytes, size_t size) {
  return PointerGetDatum(
      cstring_to_text_with_len(static_cast<const char*>(bytes), static_cast<int>(size)));
}

}  // namespace

FileSpool::FileSpool() {
  guarded([this] {
    TupleDesc row = CreateTemplateTupleDesc(kColumns);
    TupleDescInitEntry(row, kTable, "table_number", INT4OID, -1, 0);
    TupleDescInitEntry(row, kColumn, "column_number", INT4OID, -1, 0);
    TupleDescInitEntry(row, kDigest, "sha256", BYTEAOID, -1, 0);
    TupleDescInitEntry(row, kSeq, "seq", INT4OID, -1, 0);
    TupleDescInitEntry(row, kBytes, "byte_count", INT8OID, -1, 0);
    TupleDescInitEntry(row, kMember, "member", BYTEAOID, -1, 0);
    AttrNumber key[kKeyColumns];
    Oid operators[kKeyColumns], collations[kKeyColumns] = {};
    bool nulls_first[kKeyColumns] = {};
    for (int i = 0; i < kKeyColumns; ++i) {
      key[i] = kKey[i];
      operators[i] =
          lookup_type_cache(TupleDescAttr(row, key[i] - 1)->atttypid, TYPECACHE_LT_OPR)->lt_opr;
    }
    sort_ = tuplesort_begin_heap(row, kKeyColumns, key, operators, collations, nulls_first,
                                 work_mem, nullptr, TUPLESORT_NONE);
    slot_ = MakeSingleTupleTableSlot(row, &TTSOpsMinimalTuple);
  });
}

void FileSpool::put(const FileEntry& file, int seq, std::string_view member) {
  guarded([&] {
    TupleTableSlot* row = MakeSingleTupleTableSlot(slot_->tts_tupleDescriptor, &TTSOpsVirtual);
    std::fill_n(row->tts_isnull, kColumns, false);
    row->tts_values[kTable - 1] = Int32GetDatum(static_cast<int32>(file.table));
    row->tts_values[kColumn - 1] = Int32GetDatum(static_cast<int32>(file.column));
    row->tts_values[kDigest - 1] = bytea_datum(file.sha256.data(), file.sha256.size());
    row->tts_values[kSeq - 1] = Int32GetDatum(seq);
    row->tts_values[kBytes - 1] = Int64GetDatum(static_cast<int64>(file.bytes));
    row->tts_values[kMember - 1] = bytea_datum(member.data(), member.size());
    ExecStoreVirtualTuple(row);
    tuplesort_puttupleslot(sort_, row);
    pfree(DatumGetPointer(row->tts_values[kDigest - 1]));
    pfree(DatumGetPointer(row->tts_values[kMember - 1]));
    ExecDropSingleTupleTableSlot(row);
  });
}

// The next row into the slot; false: there is none.
bool FileSpool::fetch() {
  return guarded([this] {
    // What it reads back must live as long as the slot.
    const MemoryContext before = MemoryContextSwitchTo(slot_->tts_mcxt);
    if (!sorted_) tuplesort_performsort(sort_);
    sorted_ = true;
    const bool found = tuplesort_gettupleslot(sort_, true, true, slot_, nullptr);
    MemoryContextSwitchTo(before);
    if (found) slot_getallattrs(slot_);
    return found;
  });
}

// The file that the slot's member belongs to.
FileEntry FileSpool::fetched() const {
  FileEntry file;
  file.table = static_cast<size_t>(DatumGetInt32(slot_->tts_values[kTable - 1]));
  file.column = static_cast<size_t>(DatumGetInt32(slot_->tts_values[kColumn - 1]));
  file.bytes = static_cast<uint64_t>(DatumGetInt64(slot_->tts_values[kBytes - 1]));
  const auto* digest =
      reinterpret_cast<const varlena*>(DatumGetPointer(slot_->tts_values[kDigest - 1]));
  std::memcpy(file.sha256.data(), VARDATA_ANY(digest), file.sha256.size());
  return file;
}

bool FileSpool::next(FileEntry& file) {
  if (!waiting_ && !fetch()) return false;
  waiting_ = true;
  current_ = file = fetched();
  return true;
}

bool FileSpool::next_member(std::string& member) {
  if (!waiting_ && !fetch()) return false;
  waiting_ = true;
  const FileEntry file = fetched();
  if (file.table != current_.table || file.column != current_.column ||
      file.sha256 != current_.sha256) {
    return false;
  }
  const auto* bytes =
      reinterpret_cast<const varlena*>(DatumGetPointer(slot_->tts_values[kMember - 1]));
  member.assign(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
  waiting_ = false;
  return true;
}

void FileSpool::close() {
  guarded([this] { tuplesort_end(sort_); });
}

}  // namespace company_backup
