#include "pg/rows/doubted_rows.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "pg/base/code_owner.hpp"
#include "pg/base/compiled_code.hpp"
#include "pg/base/error_code.hpp"
#include "pg/base/owner.hpp"
#include "pg/rows/relation_estate.hpp"

namespace company_backup {

// What commands/constraint.c does for one row when a deferred constraint is checked.
void prove_constraint(const Suspect& suspect) {
  Relation heap = table_open(suspect.relation, RowExclusiveLock);
  TupleTableSlot* slot = table_slot_create(heap, nullptr);
  IndexFetchTableData* fetch = table_index_fetch_begin(heap);
  ItemPointerData tid = suspect.tid;
  bool call_again = false;
  const bool found = table_index_fetch_tuple(fetch, &tid, SnapshotSelf, slot, &call_again, nullptr);
  table_index_fetch_end(fetch);
  if (found) {
    Relation index = index_open(suspect.index, RowExclusiveLock);
    IndexInfo* info = BuildIndexInfo(index);
    renew_index_code(index, info);
    EState* estate = CreateExecutorState();
    GetPerTupleExprContext(estate)->ecxt_scantuple = slot;
    Datum values[INDEX_MAX_KEYS];
    bool nulls[INDEX_MAX_KEYS];
    FormIndexDatum(info, slot, estate, values, nulls);
    tid = suspect.tid;
    if (info->ii_ExclusionOps == nullptr) {
      index_insert(index, values, nulls, &tid, heap, UNIQUE_CHECK_EXISTING, false, info);
    } else {
      check_exclusion_constraint(heap, index, info, &tid, values, nulls, estate, false);
    }
    FreeExecutorState(estate);
    index_close(index, RowExclusiveLock);
  }
  ExecDropSingleTupleTableSlot(slot);
  table_close(heap, RowExclusiveLock);
}

// Inside guarded() only. `at`: the row to begin with, which an error leaves at the one that is
// false.
void DoubtedRows::prove_from(size_t* at) const {
  CommandCounterIncrement();
  while (*at < rows_.size()) {
    const Oid oid = rows_[*at].relation;
    Relation relation = table_open(oid, RowExclusiveLock);
    run_owners_code(owner_of_code(relation), [&] {
      EState* estate = make_estate(relation, nullptr);
      ResultRelInfo* info = makeNode(ResultRelInfo);
      InitResultRelInfo(info, relation, 1, nullptr, 0);
      TupleTableSlot* row = table_slot_create(relation, nullptr);
      for (; *at < rows_.size() && rows_[*at].relation == oid; ++*at) {
        CHECK_FOR_INTERRUPTS();
        ItemPointerData tid = rows_[*at].tid;
        if (!table_tuple_fetch_row_version(relation, &tid, GetActiveSnapshot(), row)) continue;
        ExecConstraints(info, row, estate);
        ResetPerTupleExprContext(estate);
      }
      ExecDropSingleTupleTableSlot(row);
      FreeExecutorState(estate);
    });
    table_close(relation, NoLock);
  }
}

void DoubtedRows::prove() {
  if (rows_.empty()) return;
  guarded([this] {
    size_t at = 0;
    prove_from(&at);
  });
  rows_.clear();
}

namespace {

// May code on a table raise it for what it finds there? Not what stops any statement.
bool is_of_code(const std::string& sqlstate) {
  constexpr std::string_view kOthers[] = {"08", "25", "40", "53", "54", "55", "57", "58", "XX"};
  return std::none_of(std::begin(kOthers), std::end(kOthers),
                      [&](std::string_view kind) { return sqlstate.starts_with(kind); });
}

}  // namespace

void DoubtedRows::find_false(const Found& found) {
  bool finds = false;
  std::optional<KeptError> raised;
  for (size_t at = 0; at < rows_.size(); ++at) {
    KeptError error = keep_error([&] { guarded([&] { prove_from(&at); }); });
    if (!error) break;
    if (is_refusal(error.sqlstate())) {
      finds = true;
      found(rows_[at].relation, rows_[at].tid, error.caught());
    } else if (is_of_code(error.sqlstate())) {
      if (!raised) raised.emplace(std::move(error));
    } else {
      error.rethrow();
    }
  }
  if (raised && !finds) raised->rethrow();
}

}  // namespace company_backup
