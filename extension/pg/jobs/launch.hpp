// Starting workers. One is asked for when a job is started, so that whoever starts it hears when
// there is none; it waits until the transaction is committed. Jobs that were to wait for a worker
// get one from whoever ends a job, or looks at them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pg/jobs/job.hpp"

namespace company_backup {

// What a worker is told; has to fit into bgw_extra.
struct WorkerOrder {
  Oid database;
  Oid session_user;
  TransactionId starter;  // whose end it waits for; InvalidTransactionId: nobody's
  uint32_t secret;
  int64_t job;  // kAnyJob: of those that wait
};
inline constexpr int64_t kAnyJob = 0;

// A worker for a job that this transaction has added; PREPARE TRANSACTION fails from here on. Error
// kNoWorker, if the job is not to wait.
void launch_job(int64_t id, const Text& proof, WithoutWorker otherwise);

// Workers for jobs that wait, as far as there are any. Those of `except` have one already.
void launch_waiting_jobs(Oid except = InvalidOid);

// Error kJobRole: no worker could connect as the session's user.
void require_connectable();

}  // namespace company_backup
