// Makes a session fail or wait at a chosen point of whatever it does: `LOAD` this module, then set
// faults.at to a pattern (of fnmatch) of points. The extension knows nothing of it: the points are
// PostgreSQL's own hooks, and the methods by which the heap is read and written, which are replaced
// in this one process. The points:
//
//   statement TEXT    a statement begins, also one that a function runs
//   fetch TABLE       the next row is read; delete, update, insert, lock TABLE: before that is done
//   commit TEXT       before the commit; TEXT is what the client sent
//   committed TEXT    after it, before the client hears of it
//
// faults.skip points of the pattern pass, then faults.action is done, once: count (nothing), error
// (53100), cancel, terminate, kill, wait (for advisory lock 1). faults.passed tells how many points
// have passed since faults.at was set.
#include <fnmatch.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <string>

#include "pg/base/compat.hpp"

extern "C" {
#include "tcop/tcopprot.h"

PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

namespace {

enum Action { kCount, kError, kCancel, kTerminate, kKill, kWait };

constexpr config_enum_entry kActions[] = {
    {"count", kCount, false},   {"error", kError, false},
    {"cancel", kCancel, false}, {"terminate", kTerminate, false},
    {"kill", kKill, false},     {"wait", kWait, false},
    {nullptr, 0, false}};

constexpr int64 kWaitLock = 1;

char* at = nullptr;
int skip = 0;
int action = kCount;
int passed = 0;

const TableAmRoutine* heap;
TableAmRoutine original;
ExecutorStart_hook_type next_executor_start = nullptr;

void act() {
  switch (action) {
    case kError:
      ereport(ERROR, (errcode(ERRCODE_DISK_FULL), errmsg("no space left, says the test")));
      break;
    case kCancel:
      kill(MyProcPid, SIGINT);
      break;
    case kTerminate:
      kill(MyProcPid, SIGTERM);
      break;
    case kKill:
      kill(MyProcPid, SIGKILL);
      break;
    case kWait:
      DirectFunctionCall1(pg_advisory_xact_lock_int8, Int64GetDatum(kWaitLock));
      break;
    default:
      break;
  }
}

void point(const char* kind, const char* name) {
  if (at == nullptr || *at == '\0' || name == nullptr) return;
  {
    const std::string text = std::string(kind) + " " + name;
    if (fnmatch(at, text.c_str(), 0) != 0) return;
  }
  if (passed++ == skip) act();
}

// Not in catalogs: what PostgreSQL itself does there has tests of its own.
void point(const char* kind, Relation table) {
  if (RelationGetRelid(table) >= FirstNormalObjectId) point(kind, RelationGetRelationName(table));
}

void executor_start(QueryDesc* query, int flags) {
  point("statement", query->sourceText);
  (next_executor_start != nullptr ? next_executor_start : standard_ExecutorStart)(query, flags);
}

void transaction(XactEvent event, void*) {
  if (event == XACT_EVENT_PRE_COMMIT) point("commit", debug_query_string);
  if (event == XACT_EVENT_COMMIT) point("committed", debug_query_string);
}

bool scan_getnextslot(TableScanDesc scan, ScanDirection direction, TupleTableSlot* slot) {
  point("fetch", scan->rs_rd);
  return original.scan_getnextslot(scan, direction, slot);
}

bool index_fetch_tuple(IndexFetchTableData* fetch, ItemPointer tid, Snapshot snapshot,
                       TupleTableSlot* slot, bool* call_again, bool* all_dead) {
  point("fetch", fetch->rel);
  return original.index_fetch_tuple(fetch, tid, snapshot, slot, call_again, all_dead);
}

void tuple_insert(Relation table, TupleTableSlot* slot, CommandId command, int options,
                  BulkInsertState bulk) {
  point("insert", table);
  original.tuple_insert(table, slot, command, options, bulk);
}

void multi_insert(Relation table, TupleTableSlot** slots, int count, CommandId command, int options,
                  BulkInsertState bulk) {
  point("insert", table);
  original.multi_insert(table, slots, count, command, options, bulk);
}

TM_Result tuple_delete(Relation table, ItemPointer tid, CommandId command, Snapshot snapshot,
                       Snapshot crosscheck, bool wait, TM_FailureData* failure, bool moving) {
  point("delete", table);
  return original.tuple_delete(table, tid, command, snapshot, crosscheck, wait, failure, moving);
}

TM_Result tuple_update(Relation table, ItemPointer tid, TupleTableSlot* slot, CommandId command,
                       Snapshot snapshot, Snapshot crosscheck, bool wait, TM_FailureData* failure,
                       LockTupleMode* mode, company_backup::IndexUpdates* update_indexes) {
  point("update", table);
  return original.tuple_update(table, tid, slot, command, snapshot, crosscheck, wait, failure, mode,
                               update_indexes);
}

TM_Result tuple_lock(Relation table, ItemPointer tid, Snapshot snapshot, TupleTableSlot* slot,
                     CommandId command, LockTupleMode mode, LockWaitPolicy wait, uint8 flags,
                     TM_FailureData* failure) {
  point("lock", table);
  return original.tuple_lock(table, tid, snapshot, slot, command, mode, wait, flags, failure);
}

// The table of methods is constant: its pages are made writable, which copies them for this
// process.
void replace_heap_methods() {
  heap = GetHeapamTableAmRoutine();
  original = *heap;
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<uintptr_t>(heap) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(heap) + sizeof(*heap);
  if (mprotect(reinterpret_cast<void*>(first), end - first, PROT_READ | PROT_WRITE) != 0) {
    elog(ERROR, "mprotect failed: %m");
  }
  auto* methods = const_cast<TableAmRoutine*>(heap);
  methods->scan_getnextslot = scan_getnextslot;
  methods->index_fetch_tuple = index_fetch_tuple;
  methods->tuple_insert = tuple_insert;
  methods->multi_insert = multi_insert;
  methods->tuple_delete = tuple_delete;
  methods->tuple_update = tuple_update;
  methods->tuple_lock = tuple_lock;
}

void begin_to_count(const char*, void*) {
  passed = 0;
}

}  // namespace

void _PG_init(void) {
  DefineCustomStringVariable("faults.at", "A pattern of points.", nullptr, &at, "", PGC_SUSET, 0,
                             nullptr, begin_to_count, nullptr);
  DefineCustomIntVariable("faults.skip", "How many such points pass.", nullptr, &skip, 0, 0,
                          INT_MAX, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomEnumVariable("faults.action", "What happens at the next.", nullptr, &action, kCount,
                           kActions, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("faults.passed", "How many have passed.", nullptr, &passed, 0, 0, INT_MAX,
                          PGC_INTERNAL, 0, nullptr, nullptr, nullptr);
  next_executor_start = ExecutorStart_hook;
  ExecutorStart_hook = executor_start;
  RegisterXactCallback(transaction, nullptr);
  replace_heap_methods();
}
