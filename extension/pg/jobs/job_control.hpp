// Waiting for a job, and ending it.
#pragma once

#include <cstdint>
#include <optional>

#include "pg/jobs/job.hpp"

namespace company_backup {

// Until it has ended, or for so long; returns the state that it has then. Errors kUnknownJob, and
// kOwnJob: it cannot begin before the caller's transaction is committed.
JobState wait_for_job(int64_t id, std::optional<int64_t> milliseconds);

// A job that is queued never begins; the worker of one that runs is told to stop. False: it has
// ended already.
bool cancel_job(int64_t id);

}  // namespace company_backup
