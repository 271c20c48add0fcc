#include "pg/base/log_ring.hpp"

#include <array>

#include "pg/base/boundary.hpp"

extern "C" {
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
}

namespace company_backup {
namespace {

constexpr int kEntries = 128;
constexpr int kWorkers = 16;
// A worker that was called and is not there after so long will not come.
constexpr int kComesWithin = 60 * 1000;
constexpr int kPrunedEvery = 60 * 60 * 1000;

// Of the databases of the cluster, those in which a worker is at work or on its way.
struct Called {
  Oid database;  // InvalidOid: free
  TimestampTz at;
  bool here;
};

struct Ring {
  LWLock lock;
  int64_t last_number;
  int64_t lost[kWorkers];  // by the hash of the database
  TimestampTz pruned[kWorkers];
  Called called[kWorkers];
  LogEntry entries[kEntries];  // number 0: free
};

// There from the first use on, which needs no preloaded library. Inside guarded() only.
Ring* ring() {
  static Ring* memory = nullptr;
  if (memory != nullptr) return memory;
  bool found = false;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  auto* made = static_cast<Ring*>(ShmemInitStruct("company_backup log", sizeof(Ring), &found));
  if (!found) {
    memset(static_cast<void*>(made), 0, sizeof(Ring));
    LWLockInitialize(&made->lock, LWLockNewTrancheId());
  }
  LWLockRelease(AddinShmemInitLock);
  LWLockRegisterTranche(made->lock.tranche, "company_backup");
  return memory = made;
}

int place_of(Oid database) {
  return static_cast<int>(database % kWorkers);
}

// Under the lock. Null: there is none, or one that will not come.
Called* find_called(Ring* memory, Oid database) {
  for (Called& called : memory->called) {
    if (called.database == database) return &called;
  }
  return nullptr;
}

// Under the lock. Should a worker be called now? Then it counts as called.
bool begin_call(Ring* memory) {
  const TimestampTz now = GetCurrentTimestamp();
  Called* called = find_called(memory, MyDatabaseId);
  if (called != nullptr &&
      (called->here || !TimestampDifferenceExceeds(called->at, now, kComesWithin))) {
    return false;
  }
  if (called == nullptr) called = find_called(memory, InvalidOid);
  if (called == nullptr) return false;  // very many databases: later
  *called = {MyDatabaseId, now, false};
  return true;
}

// Not under the lock. Where no worker is free, the next one who has something to tell tries again.
void call_worker() {
  BackgroundWorker worker;
  memset(&worker, 0, sizeof worker);
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
  strlcpy(worker.bgw_library_name, "company_backup", BGW_MAXLEN);
  strlcpy(worker.bgw_function_name, "company_backup_write_log", BGW_MAXLEN);
  strlcpy(worker.bgw_name, "company_backup log writer", BGW_MAXLEN);
  strlcpy(worker.bgw_type, "company_backup log writer", BGW_MAXLEN);
  if (!RegisterDynamicBackgroundWorker(&worker, nullptr)) {
    note_worker(MyDatabaseId, Worker::kGone);
  }
}

}  // namespace

bool put_into_ring(const LogEntry& entry, IfFull if_full) {
  Ring* memory = ring();
  LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
  LogEntry* free = nullptr;
  for (LogEntry& place : memory->entries) {
    if (place.number == 0) free = &place;
  }
  if (free != nullptr) {
    *free = entry;
    free->number = ++memory->last_number;
  } else if (if_full == IfFull::kDrop) {
    ++memory->lost[place_of(MyDatabaseId)];
  }
  const bool call = begin_call(memory);
  LWLockRelease(&memory->lock);
  if (call) call_worker();
  return free != nullptr;
}

std::vector<LogEntry> waiting_entries() {
  std::array<LogEntry, kEntries> copy{};
  const int count = guarded([&copy] {
    Ring* memory = ring();
    int found = 0;
    LWLockAcquire(&memory->lock, LW_SHARED);
    for (const LogEntry& entry : memory->entries) {
      if (entry.number != 0 && entry.database == MyDatabaseId) copy[found++] = entry;
    }
    LWLockRelease(&memory->lock);
    return found;
  });
  return {copy.begin(), copy.begin() + count};
}

void remove_entries(int64_t last) {
  Ring* memory = ring();
  LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
  for (LogEntry& entry : memory->entries) {
    if (entry.database == MyDatabaseId && entry.number <= last) entry.number = 0;
  }
  LWLockRelease(&memory->lock);
}

int64_t take_lost() {
  Ring* memory = ring();
  LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
  int64_t& lost = memory->lost[place_of(MyDatabaseId)];
  const int64_t count = lost;
  lost = 0;
  LWLockRelease(&memory->lock);
  return count;
}

void call_pruner() {
  Ring* memory = ring();
  const TimestampTz now = GetCurrentTimestamp();
  LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
  TimestampTz& pruned = memory->pruned[place_of(MyDatabaseId)];
  bool call = false;
  if (TimestampDifferenceExceeds(pruned, now, kPrunedEvery)) {
    pruned = now;
    call = begin_call(memory);
  }
  LWLockRelease(&memory->lock);
  if (call) call_worker();
}

void note_worker(Oid database, Worker worker) {
  Ring* memory = ring();
  LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
  Called* called = find_called(memory, database);
  if (called != nullptr && worker == Worker::kHere) called->here = true;
  if (called != nullptr && worker == Worker::kGone) called->database = InvalidOid;
  LWLockRelease(&memory->lock);
}

}  // namespace company_backup
