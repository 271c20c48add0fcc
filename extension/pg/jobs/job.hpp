// The rows of company_backup.job: what jobs are to do, for whom, and what became of them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "pg/jobs/job_call.hpp"
#include "pg/jobs/job_lock.hpp"

namespace company_backup {

enum class JobState { kQueued, kRunning, kDone, kFailed, kCancelled };
const char* to_text(JobState state);

// What start_job() does when no worker is free.
enum class WithoutWorker { kFail, kQueue };

// Adds a job of this session's users; nobody else sees it before the transaction is committed.
int64_t add_job(const JobCall& call, std::optional<int64_t> owner, WithoutWorker otherwise);

// Its worker, before it knows of it itself.
void note_worker(int64_t id, int pid);

struct Job {
  int64_t id;
  JobCall call;
  std::optional<int64_t> owner;  // the company's identity
  Oid role;
  bool by_membership;  // the session's user acted for the role as a member of it
};

// The job, which runs from now on; nothing if it is not there (yet, or any more) or not queued.
std::optional<Job> begin_job(int64_t id);
// Error kUnknownJob if it does not run any more: then nothing of it may be committed.
void finish_job(int64_t id, const Text& result);
void fail_job(int64_t id, const CaughtError& error);
// False: it is not queued.
bool cancel_queued_job(int64_t id);

struct KnownJob {
  std::string company;           // its key as it was then, or ""
  std::optional<int64_t> owner;  // its identity
  Text key;                      // as it is now; none: it is gone, or the job is about no company
  bool is_of_this_transaction;
};
std::optional<KnownJob> look_for_job(int64_t id);
Error unknown_job(int64_t id);

// These look at what is there now, in any transaction.
std::optional<JobState> state_of_job(int64_t id);  // kFailed also of one that is lost
// Jobs that nobody works on any more although they did not end, and those that no worker can run.
std::set<int64_t> lost_jobs();
// What is said of them.
CaughtError why_lost();

// Ends lost jobs, and removes those that ended long ago. Never waits.
void tidy_jobs();

// In the order in which they are to start, those of one session user or of all.
std::vector<std::pair<int64_t, Oid>> waiting_jobs(Oid session_user = InvalidOid);
// How many more company_backup.max_jobs allows to run, besides the job that this process has ended.
// Whoever takes a place counts under lock_count().
int room_for_jobs();

}  // namespace company_backup
