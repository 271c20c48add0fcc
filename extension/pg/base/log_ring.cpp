#include "pg/base/log_ring.hpp"

#include <array>

#include "pg/base/boundary.hpp"
#include "pg/base/shared_memory.hpp"

extern "C" {
#include "postmaster/bgworker.h"
}

namespace company_backup {
namespace {

constexpr int kEntries = 128;
constexpr int kDatabases = 64;
// A worker that was called and is not there after so long will not come.
constexpr int kComesWithin = 60 * 1000;
constexpr int kPrunedEvery = 60 * 60 * 1000;

// Of a database in which somebody has had something to tell.
struct Database {
  Oid oid;             // InvalidOid: free
  TimestampTz called;  // when a worker was; 0: none is at work or on its way
  bool here;           // is the worker?
  TimestampTz pruned;  // when a worker was last called for that
  int64_t lost;        // lines that no worker has told of
};

struct Ring {
  LWLock lock;
  int64_t last_number;
  Database databases[kDatabases];
  LogEntry entries[kEntries];  // number 0: free
};

// Inside guarded() only.
Ring* ring() {
  return shared_memory<Ring>("company_backup log");
}

// Under the lock. Null: it is not known.
Database* find_database(Ring* memory, Oid oid) {
  for (Database& database : memory->databases) {
    if (database.oid == oid) return &database;
  }
  return nullptr;
}

// The current one, under the lock. Null: very many others wait for workers or have lost lines.
Database* this_database(Ring* memory) {
  if (Database* const known = find_database(memory, MyDatabaseId)) return known;
  Database* place = find_database(memory, InvalidOid);
  for (Database& database : memory->databases) {
    if (place == nullptr && database.called == 0 && database.lost == 0) place = &database;
  }
  if (place != nullptr) *place = {MyDatabaseId, 0, false, 0, 0};
  return place;
}

// Under the lock. Should a worker be called now? Then it counts as called.
bool begin_call(Database* database) {
  const TimestampTz now = GetCurrentTimestamp();
  if (database == nullptr || database->here ||
      !TimestampDifferenceExceeds(database->called, now, kComesWithin)) {
    return false;
  }
  database->called = now;
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
  Database* const database = this_database(memory);
  LogEntry* free = nullptr;
  for (LogEntry& place : memory->entries) {
    if (place.number == 0) free = &place;
  }
  if (free != nullptr) {
    *free = entry;
    free->number = ++memory->last_number;
  } else if (if_full == IfFull::kDrop) {
    if (database != nullptr) ++database->lost;
  }
  const bool call = begin_call(database);
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

int64_t lost_lines() {
  Ring* memory = ring();
  LWLockAcquire(&memory->lock, LW_SHARED);
  const Database* const database = find_database(memory, MyDatabaseId);
  const int64_t count = database == nullptr ? 0 : database->lost;
  LWLockRelease(&memory->lock);
  return count;
}

void remove_written(const WrittenLines& written) {
  Ring* memory = ring();
  LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
  for (LogEntry& entry : memory->entries) {
    if (entry.database == MyDatabaseId && entry.number <= written.last) entry.number = 0;
  }
  Database* const database = find_database(memory, MyDatabaseId);
  if (database != nullptr) database->lost -= written.lost;
  LWLockRelease(&memory->lock);
}

void call_pruner() {
  Ring* memory = ring();
  const TimestampTz now = GetCurrentTimestamp();
  LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
  Database* const database = this_database(memory);
  bool call = false;
  if (database != nullptr && TimestampDifferenceExceeds(database->pruned, now, kPrunedEvery)) {
    database->pruned = now;
    call = begin_call(database);
  }
  LWLockRelease(&memory->lock);
  if (call) call_worker();
}

void note_worker(Oid database, Worker worker) {
  Ring* memory = ring();
  LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
  if (Database* const of = find_database(memory, database)) {
    of->here = worker == Worker::kHere;
    if (!of->here) of->called = 0;
  }
  LWLockRelease(&memory->lock);
}

}  // namespace company_backup
