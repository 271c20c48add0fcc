#include "pg/scope/row_versions.hpp"

#include <algorithm>
#include <vector>

#include "pg/base/compat.hpp"

extern "C" {
#include "access/relation.h"
#include "access/stratnum.h"
#include "catalog/pg_am_d.h"
}

#include "pg/base/encoding.hpp"

namespace company_backup {
namespace {

struct Move {
  Command by;
  TupleVersion from;
  std::string key;
  TupleVersion to;  // not known: it has not arrived
};
std::vector<Move> moves;  // of one transaction; those that were rolled back say nothing

const TupleVersion* arrival_of(const TupleVersion& from, TransactionId by) {
  for (const Move& move : moves) {
    if (move.from.relation == from.relation && move.from.file == from.file &&
        ItemPointerEquals(const_cast<ItemPointer>(&move.from.place),
                          const_cast<ItemPointer>(&from.place)) &&
        move.by.transaction == by && move.to.relation != InvalidOid) {
      return &move.to;
    }
  }
  return nullptr;
}

// Has this transaction, or one that has committed, made the change?
bool is_done(TransactionId changer) {
  return TransactionIdIsCurrentTransactionId(changer) || TransactionIdDidCommit(changer);
}

// What one version says of the next.
struct Step {
  RowEnd::Fate fate;  // kUnknown: go on with `next`
  ItemPointerData next;
  TransactionId by;
};

Step step_from(HeapTuple row) {
  HeapTupleHeader header = row->t_data;
  if ((header->t_infomask & HEAP_XMAX_INVALID) != 0 || HeapTupleHeaderIsOnlyLocked(header)) {
    return {RowEnd::kLives, {}, InvalidTransactionId};
  }
  const TransactionId by = HeapTupleHeaderGetUpdateXid(header);
  if (!is_done(by)) return {RowEnd::kLives, {}, by};
  if (HeapTupleHeaderIndicatesMovedPartitions(header)) return {RowEnd::kLeft, {}, by};
  if (ItemPointerEquals(&header->t_ctid, &row->t_self)) return {RowEnd::kDeleted, {}, by};
  return {RowEnd::kUnknown, header->t_ctid, by};
}

// Within one relation. `by`: the transaction that made the first version; none: any.
TransactionId follow_versions(Relation table, RowEnd& end, const char* key_column,
                              TransactionId by) {
  const int number = SPI_fnumber(RelationGetDescr(table), to_server(key_column));
  TupleTableSlot* slot = table_slot_create(table, nullptr);
  end.fate = RowEnd::kUnknown;
  while (number > 0 && end.fate == RowEnd::kUnknown) {
    CHECK_FOR_INTERRUPTS();
    if (!table_tuple_fetch_row_version(table, &end.last.place, SnapshotAny, slot)) break;
    const HeapTuple row = ExecFetchSlotHeapTuple(slot, false, nullptr);
    const TransactionId made_by = HeapTupleHeaderGetRawXmin(row->t_data);
    if (TransactionIdIsValid(by) && made_by != by) break;
    end.last.made_by = made_by;
    end.last.command = HeapTupleHeaderGetRawCommandId(row->t_data);
    const char* key = SPI_getvalue(row, RelationGetDescr(table), number);
    end.key = key == nullptr ? nullptr : from_server(key);
    const Step step = step_from(row);
    end.fate = step.fate;
    by = step.by;
    if (step.fate == RowEnd::kUnknown) end.last.place = step.next;
  }
  ExecDropSingleTupleTableSlot(slot);
  return by;
}

// A unique index on this column alone, that has all which the snapshot sees.
bool can_tell(Relation index, AttrNumber column) {
  const Form_pg_index form = index->rd_index;
  if (!form->indisunique || !form->indisvalid || form->indnkeyatts != 1 ||
      form->indkey.values[0] != column || index->rd_rel->relam != BTREE_AM_OID ||
      RelationGetIndexPredicate(index) != NIL) {
    return false;
  }
  return !form->indcheckxmin ||
         TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
                               TransactionXmin);
}

// Before this command nothing in the table can have been changed, and every earlier change has been
// seen.
CommandId first_command(Relation table, Relation index) {
  if (!is_rewritten_here(table)) return FirstCommandId;
  const HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(RelationGetRelid(index)));
  if (!HeapTupleIsValid(row)) return FirstCommandId;
  CommandId first = FirstCommandId;
  if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(row->t_data))) {
    first = HeapTupleHeaderGetCmin(row->t_data) + 1;
  }
  ReleaseSysCache(row);
  return first;
}

TupleVersion find_version(Relation table, Relation index, Datum key) {
  TupleVersion found;
  const Oid type = index->rd_opcintype[0];
  const Oid equal = get_opfamily_member(index->rd_opfamily[0], type, type, BTEqualStrategyNumber);
  ScanKeyData condition;
  ScanKeyEntryInitialize(&condition, 0, 1, BTEqualStrategyNumber, InvalidOid,
                         index->rd_indcollation[0], get_opcode(equal), key);
  PushCopiedSnapshot(GetLatestSnapshot());
  GetActiveSnapshot()->curcid = first_command(table, index);
  TupleTableSlot* slot = table_slot_create(table, nullptr);
  const IndexScanDesc scan = begin_index_scan(table, index, GetActiveSnapshot(), 1);
  index_rescan(scan, &condition, 1, nullptr, 0);
  if (index_getnext_slot(scan, ForwardScanDirection, slot)) {
    found = version_of(table, ExecFetchSlotHeapTuple(slot, false, nullptr));
  }
  index_endscan(scan);
  ExecDropSingleTupleTableSlot(slot);
  PopActiveSnapshot();
  return found;
}

}  // namespace

void note_leaving(const Command& by, const TupleVersion& from, const std::string& key) {
  std::erase_if(moves, [&](const Move& one) {
    return one.by.whole != by.whole || (one.by == by && one.to.relation == InvalidOid);
  });
  moves.push_back({by, from, key, {}});
}

std::optional<Left> note_arrival(const Command& by, const TupleVersion& to) {
  for (Move& move : moves) {
    if (!(move.by == by) || move.to.relation != InvalidOid) continue;
    move.to = to;
    return Left{move.from, move.key};
  }
  return std::nullopt;
}

bool is_in_place(const TupleVersion& version) {
  if (version.relation == InvalidOid) return false;
  const Relation table = try_relation_open(version.relation, AccessShareLock);
  if (table == nullptr) return false;
  const bool same = file_number(table) == version.file;
  relation_close(table, NoLock);
  return same;
}

TupleVersion version_of(Relation table, HeapTuple row) {
  return {RelationGetRelid(table), file_number(table), row->t_self,
          HeapTupleHeaderGetRawXmin(row->t_data), HeapTupleHeaderGetRawCommandId(row->t_data)};
}

RowEnd end_of(const TupleVersion& version, const char* key_column) {
  RowEnd end{RowEnd::kUnknown, version, nullptr};
  TransactionId by = InvalidTransactionId;
  for (;;) {
    const Relation table = try_relation_open(end.last.relation, AccessShareLock);
    if (table == nullptr) return end;
    if (file_number(table) == end.last.file) by = follow_versions(table, end, key_column, by);
    relation_close(table, NoLock);
    if (end.fate != RowEnd::kLeft) return end;
    const TupleVersion* arrived = arrival_of(end.last, by);
    if (arrived == nullptr) return end;
    end.last = *arrived;
    end.fate = RowEnd::kUnknown;
  }
}

bool is_same_end(const RowEnd& a, const RowEnd& b) {
  return a.last.relation == b.last.relation && a.last.file == b.last.file &&
         ItemPointerEquals(const_cast<ItemPointer>(&a.last.place),
                           const_cast<ItemPointer>(&b.last.place));
}

TupleVersion version_before(Relation table, AttrNumber key_column, Datum key) {
  TupleVersion found;
  List* indexes = RelationGetIndexList(table);
  ListCell* cell;
  foreach (cell, indexes) {
    const Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    const bool tells = can_tell(index, key_column);
    if (tells) found = find_version(table, index, key);
    index_close(index, NoLock);
    if (tells) break;
  }
  return found;
}

}  // namespace company_backup
