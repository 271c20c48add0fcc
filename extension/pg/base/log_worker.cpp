// The worker that writes what waits for the log (log_ring.hpp) into its table: called when there is
// something, gone a second after there is nothing more.
#include <algorithm>

#include "pg/base/boundary.hpp"
#include "pg/base/log_ring.hpp"
#include "pg/base/log_table.hpp"
#include "pg/base/module.hpp"

extern "C" {
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/wait_event.h"

PGDLLEXPORT void company_backup_write_log(Datum database);
}

namespace company_backup {
namespace {

constexpr long kLinger = 1000;  // milliseconds

bool is_noted = false;

void leave(Oid database) {
  if (is_noted) note_worker(database, Worker::kGone);
  is_noted = false;
}

void leave_at_exit(int, Datum database) {
  leave(DatumGetObjectId(database));
}

LogEntry lost_entry(int64_t count) {
  LogEntry entry{};
  entry.database = MyDatabaseId;
  entry.at = GetCurrentTimestamp();
  entry.rows = count;
  entry.action.set("lost");
  entry.role.set("(none)");
  return entry;
}

// In a transaction.
WrittenLines write_waiting() {
  WrittenLines written{0, 0};
  const std::vector<LogEntry> waiting = waiting_entries();
  const bool has_table =
      one_value(query("SELECT to_regclass('company_backup.log_entry') IS NOT NULL")) == "t";
  for (const LogEntry& entry : waiting) {
    written.last = std::max(written.last, entry.number);
    if (has_table) insert_entry(entry);
  }
  if (!has_table) return written;
  written.lost = guarded([] { return lost_lines(); });
  if (written.lost > 0) insert_entry(lost_entry(written.lost));
  prune_log(log_retention, 1000);
  return written;
}

// False: there was nothing.
bool write_once() {
  SetCurrentStatementStartTimestamp();
  StartTransactionCommand();
  PushActiveSnapshot(GetTransactionSnapshot());
  const WrittenLines written = callback([] { return write_waiting(); });
  PopActiveSnapshot();
  CommitTransactionCommand();
  remove_written(written);
  return written.last > 0;
}

}  // namespace
}  // namespace company_backup

void company_backup_write_log(Datum database) {
  using namespace company_backup;
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  before_shmem_exit(leave_at_exit, database);
  is_noted = true;
  BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);
  note_worker(DatumGetObjectId(database), Worker::kHere);
  ResetLatch(MyLatch);
  while (write_once()) {
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kLinger, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  }
  // From now on another one is called; what came before that is written here.
  leave(DatumGetObjectId(database));
  write_once();
}
