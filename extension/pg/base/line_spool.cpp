#include "pg/base/line_spool.hpp"

#include "pg/base/compat.hpp"

namespace company_backup {
namespace {

// A text in server memory; trivially copyable.
struct Found {
  const char* data;
  size_t size;
};

Found found(const varlena* text) {
  return {VARDATA_ANY(text), static_cast<size_t>(VARSIZE_ANY_EXHDR(text))};
}

}  // namespace

void LineSpool::put(std::string_view line) {
  guarded([&] {
    if (store_ == nullptr) {
      TupleDesc columns = CreateTemplateTupleDesc(1);
      TupleDescInitEntry(columns, 1, "line", TEXTOID, -1, 0);
      const MemoryContext before = MemoryContextSwitchTo(CurTransactionContext);
      store_ = tuplestore_begin_heap(false, false, work_mem);
      slot_ = MakeSingleTupleTableSlot(CreateTupleDescCopy(columns), &TTSOpsMinimalTuple);
      MemoryContextSwitchTo(before);
    }
    Datum value =
        PointerGetDatum(cstring_to_text_with_len(line.data(), static_cast<int>(line.size())));
    bool is_null = false;
    tuplestore_putvalues(store_, slot_->tts_tupleDescriptor, &value, &is_null);
    pfree(DatumGetPointer(value));
  });
}

bool LineSpool::next(std::string_view& line) {
  if (store_ == nullptr) return false;
  const Found piece = guarded([this] {
    // A tuple read back from disk is the slot's to free: it must live as long as the slot.
    const MemoryContext before = MemoryContextSwitchTo(slot_->tts_mcxt);
    const bool more = tuplestore_gettupleslot(store_, true, false, slot_);
    MemoryContextSwitchTo(before);
    if (!more) {
      ExecDropSingleTupleTableSlot(slot_);
      tuplestore_end(store_);
      return Found{nullptr, 0};
    }
    bool is_null;
    return found(DatumGetTextPP(slot_getattr(slot_, 1, &is_null)));
  });
  line = {piece.data, piece.size};
  if (piece.data == nullptr) store_ = nullptr;
  return piece.data != nullptr;
}

LineSorter::LineSorter() {
  guarded([this] {
    const MemoryContext before = MemoryContextSwitchTo(CurTransactionContext);
    state_ = tuplesort_begin_datum(TEXTOID, TextLessOperator, C_COLLATION_OID, false, work_mem,
                                   nullptr, TUPLESORT_NONE);
    memory_ = AllocSetContextCreate(CurrentMemoryContext, "company_backup sorted line",
                                    ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(before);
  });
}

void LineSorter::put(std::string_view line) {
  guarded([&] {
    text* datum = cstring_to_text_with_len(line.data(), static_cast<int>(line.size()));
    tuplesort_putdatum(state_, PointerGetDatum(datum), false);
    pfree(datum);
  });
}

void LineSorter::sort() {
  guarded([this] { tuplesort_performsort(state_); });
}

bool LineSorter::next(std::string_view& line) {
  const Found piece = guarded([this] {
    MemoryContextReset(memory_);
    const MemoryContext before = MemoryContextSwitchTo(memory_);
    Datum datum;
    bool is_null;
    const bool more = next_sorted(state_, &datum, &is_null);
    MemoryContextSwitchTo(before);
    return more ? found(DatumGetTextPP(datum)) : Found{nullptr, 0};
  });
  if (piece.data == nullptr) discard();
  line = {piece.data, piece.size};
  return piece.data != nullptr;
}

void LineSorter::discard() {
  guarded([this] {
    tuplesort_end(state_);
    MemoryContextDelete(memory_);
  });
}

}  // namespace company_backup
