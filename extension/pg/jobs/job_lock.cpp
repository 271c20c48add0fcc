#include "pg/jobs/job_lock.hpp"

#include "pg/base/fresh_snapshot.hpp"

extern "C" {
#include "storage/lock.h"
}

namespace company_backup {
namespace {

constexpr int kLockOfJobs = 2;  // an object of a table may have several; company_lock.cpp has 1

LOCKTAG tag_of_job(int64_t id) {
  const Oid table = oid_of(one_value(own_query("SELECT 'company_backup.job'::regclass::oid")));
  LOCKTAG tag;
  SET_LOCKTAG_OBJECT(tag, MyDatabaseId, table, static_cast<uint32>(id), kLockOfJobs);
  tag.locktag_lockmethodid = USER_LOCKMETHOD;
  return tag;
}

}  // namespace

bool lock_job(int64_t id) {
  LOCKTAG tag = tag_of_job(id);
  return guarded(
      [&tag] { return LockAcquire(&tag, AccessExclusiveLock, true, true) == LOCKACQUIRE_OK; });
}

void unlock_job(int64_t id) {
  LOCKTAG tag = tag_of_job(id);
  guarded([&tag] { LockRelease(&tag, AccessExclusiveLock, true); });
}

JobWorkers JobWorkers::now() {
  JobWorkers workers;
  for (const Row& row :
       own_query("SELECT l.objid, l.pid FROM pg_locks AS l WHERE l.locktype = 'object' AND "
                 "l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                 "AND l.classid = 'company_backup.job'::regclass AND l.objsubid = $1 AND "
                 "l.granted AND l.pid IS NOT NULL",
                 {kLockOfJobs})) {
    workers.pids_.emplace(oid_of(row[0]), std::stoi(*row[1]));
  }
  return workers;
}

int JobWorkers::pid_of(int64_t id) const {
  const auto worker = pids_.find(static_cast<uint32_t>(id));
  return worker == pids_.end() ? 0 : worker->second;
}

}  // namespace company_backup
