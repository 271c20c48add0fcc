#include "pg/jobs/job_lock.hpp"

#include "pg/base/fresh_snapshot.hpp"

extern "C" {
#include "storage/lock.h"
}

namespace company_backup {
namespace {

// An object of a table may have several.
enum class LockOf : uint16_t { kWorker = 1, kStarter, kCount };

LOCKTAG tag_of(LockOf what, int64_t id = 0) {
  const Oid table = oid_of(one_value(own_query("SELECT 'company_backup.job'::regclass::oid")));
  LOCKTAG tag;
  SET_LOCKTAG_OBJECT(tag, MyDatabaseId, table, static_cast<uint32>(id), static_cast<uint16>(what));
  tag.locktag_lockmethodid = USER_LOCKMETHOD;
  return tag;
}

}  // namespace

bool lock_job(int64_t id) {
  LOCKTAG tag = tag_of(LockOf::kWorker, id);
  return guarded(
      [&tag] { return LockAcquire(&tag, AccessExclusiveLock, true, true) == LOCKACQUIRE_OK; });
}

void unlock_job(int64_t id) {
  LOCKTAG tag = tag_of(LockOf::kWorker, id);
  guarded([&tag] { LockRelease(&tag, AccessExclusiveLock, true); });
}

void hold_place(int64_t id) {
  LOCKTAG tag = tag_of(LockOf::kStarter, id);
  guarded([&tag] { LockAcquire(&tag, AccessExclusiveLock, false, false); });
}

void leave_place(int64_t id) {
  LOCKTAG tag = tag_of(LockOf::kStarter, id);
  guarded([&tag] { LockRelease(&tag, AccessExclusiveLock, false); });
}

void lock_count() {
  LOCKTAG tag = tag_of(LockOf::kCount);
  guarded([&tag] { LockAcquire(&tag, AccessExclusiveLock, false, false); });
}

void unlock_count() {
  LOCKTAG tag = tag_of(LockOf::kCount);
  guarded([&tag] { LockRelease(&tag, AccessExclusiveLock, false); });
}

std::set<uint32_t> held_places() {
  std::set<uint32_t> places;
  for (const Row& row :
       own_query("SELECT l.objid FROM pg_locks AS l WHERE l.locktype = 'object' AND l.database = "
                 "(SELECT oid FROM pg_database WHERE datname = current_database()) AND l.classid = "
                 "'company_backup.job'::regclass AND l.objsubid IN ($1, $2) AND l.granted",
                 {static_cast<int>(LockOf::kWorker), static_cast<int>(LockOf::kStarter)})) {
    places.insert(oid_of(row[0]));
  }
  return places;
}

JobWorkers JobWorkers::now() {
  JobWorkers workers;
  for (const Row& row :
       own_query("SELECT l.objid, l.pid FROM pg_locks AS l WHERE l.locktype = 'object' AND "
                 "l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                 "AND l.classid = 'company_backup.job'::regclass AND l.objsubid = $1 AND "
                 "l.granted AND l.pid IS NOT NULL",
                 {static_cast<int>(LockOf::kWorker)})) {
    workers.pids_.emplace(oid_of(row[0]), std::stoi(*row[1]));
  }
  return workers;
}

int JobWorkers::pid_of(int64_t id) const {
  const auto worker = pids_.find(static_cast<uint32_t>(id));
  return worker == pids_.end() ? 0 : worker->second;
}

}  // namespace company_backup
