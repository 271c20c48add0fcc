#include "pg/jobs/job_control.hpp"

#include <algorithm>
#include <csignal>

#include "pg/jobs/launch.hpp"

extern "C" {
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/wait_event.h"
}

namespace company_backup {
namespace {

constexpr int64_t kShortestPause = 5;
constexpr int64_t kLongestPause = 200;

// In milliseconds.
int64_t now() {
  return GetCurrentTimestamp() / 1000;
}

void pause(int64_t milliseconds) {
  guarded([milliseconds] {
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
              static_cast<long>(milliseconds), PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  });
}

bool has_ended(JobState state) {
  return state != JobState::kQueued && state != JobState::kRunning;
}

JobState require_state(int64_t id) {
  const std::optional<JobState> state = state_of_job(id);
  if (!state) throw unknown_job(id);
  return *state;
}

}  // namespace

JobState wait_for_job(int64_t id, std::optional<int64_t> milliseconds) {
  const int64_t begin = now();
  int64_t looked_after_waiting = 0;
  for (int64_t length = kShortestPause;; length = std::min(2 * length, kLongestPause)) {
    const JobState state = require_state(id);
    const int64_t waited = now() - begin;
    if (has_ended(state) || (milliseconds && waited >= *milliseconds)) return state;
    const std::optional<KnownJob> job = look_for_job(id);
    if (job && job->is_of_this_transaction) {
      throw Error(sqlstate::kOwnJob, "job " + std::to_string(id) + " waits for this transaction")
          .detail("It was started here, and begins when the transaction is committed.")
          .hint("Wait for it in another transaction.");
    }
    if (state == JobState::kQueued && waited >= looked_after_waiting) {
      launch_waiting_jobs();
      looked_after_waiting = waited + 1000;
    }
    pause(milliseconds ? std::min(length, *milliseconds - waited) : length);
  }
}

bool cancel_job(int64_t id) {
  if (cancel_queued_job(id)) return true;
  const int pid = JobWorkers::now().pid_of(id);
  return pid != 0 && state_of_job(id) == JobState::kRunning && kill(pid, SIGINT) == 0;
}

}  // namespace company_backup
