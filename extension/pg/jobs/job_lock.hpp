// Which jobs have a worker: it holds a heavyweight lock of our own kind for as long as it is at
// one, which goes with it, however it ends. Nobody can take such a lock by SQL, as an advisory
// lock; like one it outlives errors.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "pg/base/spi.hpp"

namespace company_backup {

// Until unlock_job() or the end of the process; false: another process has it.
bool lock_job(int64_t id);
void unlock_job(int64_t id);

// Whoever starts a job has its place from then on, until the end of the transaction: its worker may
// not have come that far yet.
void hold_place(int64_t id);
void leave_place(int64_t id);  // no worker comes
// By the lower half of the job's ID: those of starters and of workers.
std::set<uint32_t> held_places();

// Who counts places to take one waits for others who do; until unlock_count() or the end of the
// transaction.
void lock_count();
void unlock_count();

// The processes that have such locks in this database, by the lower half of the job's ID.
class JobWorkers {
 public:
  static JobWorkers now();
  bool has(int64_t id) const { return pid_of(id) != 0; }
  int pid_of(int64_t id) const;  // 0: none
  const std::map<uint32_t, int>& pids() const { return pids_; }

 private:
  std::map<uint32_t, int> pids_;
};

}  // namespace company_backup
