// Which jobs have a worker: it holds a heavyweight lock of our own kind for as long as it is at
// one, which goes with it, however it ends. Nobody can take such a lock by SQL, as an advisory
// lock; like one it outlives errors.
#pragma once

#include <cstdint>
#include <map>

#include "pg/base/spi.hpp"

namespace company_backup {

// Until unlock_job() or the end of the process; false: another process has it.
bool lock_job(int64_t id);
void unlock_job(int64_t id);

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
