#include "pg/jobs/worker.hpp"

#include <cstring>

#include "pg/base/boundary.hpp"
#include "pg/base/progress.hpp"
#include "pg/jobs/job.hpp"
#include "pg/jobs/launch.hpp"
#include "pg/jobs/secret.hpp"

extern "C" {
#include "commands/async.h"
#include "commands/prepare.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "utils/backend_status.h"
}

namespace company_backup {
namespace {

// A transaction with a snapshot, as queries need.
template <class Body>
std::optional<CaughtError> in_step(Body&& body) {
  return in_transaction([&] {
    guarded([] { PushActiveSnapshot(GetTransactionSnapshot()); });
    body();
    guarded([] { PopActiveSnapshot(); });
  });
}

// A cancel that came too late for the job that it was meant for.
void forget_cancel() {
  QueryCancelPending = false;
}

void show_activity(const std::string& text) {
  guarded([text = text.c_str()] {
    pgstat_report_activity(*text == '\0' ? STATE_IDLE : STATE_RUNNING, text);
  });
}

// From here to the end of the transaction. Errors kJobRole.
void act_as(const Job& job) {
  const Oid session_user = GetSessionUserId();
  const bool exists =
      guarded([&] { return SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(job.role)); });
  if (!exists) {
    throw Error(sqlstate::kJobRole, "the role that started the job does not exist any more")
        .hint("Start it again as another role.");
  }
  if (job.by_membership && !guarded([&] { return is_member_of_role(session_user, job.role); })) {
    throw Error(sqlstate::kJobRole, "the job's session user is not a member of its role any more")
        .hint("Start it again as a role that may do it.");
  }
  if (job.role == session_user) return;
  boundary::restore({job.role, SECURITY_LOCAL_USERID_CHANGE});
}

// The company has the key that it has today. Error kUnknownCompany: another one may have its key.
JobCall call_of_today(const Job& job, const Text& proof) {
  JobCall call = job.call;
  call.proof = proof;
  if (!job.owner || function_of(call.action).company == nullptr) return call;
  const Rows rows = own_query(
      "SELECT key FROM company_backup.company WHERE id = $1 AND gone_at IS NULL", {*job.owner});
  if (rows.empty()) {
    throw Error(sqlstate::kUnknownCompany,
                "company \"" + call.company.value_or("") + "\" was deleted since the job started")
        .hint("If another company has its key now, start the job again.");
  }
  call.company = rows[0][0];
  return call;
}

std::optional<CaughtError> do_job(const Job& job, const Text& proof) {
  const Progress progress(to_text(job.call.action), job.call.company, job.id);
  return in_step([&] {
    act_as(job);
    finish_job(job.id, run_call(call_of_today(job, proof)));
  });
}

// Without a snapshot: it may take long.
std::optional<CaughtError> wait_for(TransactionId starter) {
  if (!TransactionIdIsValid(starter)) return std::nullopt;
  return in_transaction([starter] {
    guarded([starter] { XactLockTableWait(starter, nullptr, nullptr, XLTW_None); });
  });
}

// Whoever started the job has a place for it. Who launched this worker for one that waits may have
// counted when others did so, too.
bool may_run(int64_t id, TransactionId starter) {
  if (TransactionIdIsValid(starter)) return lock_job(id);
  lock_count();
  return room_for_jobs() > 0 && lock_job(id);
}

// A job that is not there was rolled back or cancelled, or another worker has it.
void run_job(int64_t id, TransactionId starter, const Text& proof) {
  bool is_ours = false;
  if (in_step([&] { is_ours = may_run(id, starter); }) || !is_ours) return;
  std::optional<Job> job;
  std::optional<CaughtError> error = wait_for(starter);
  if (!error) error = in_step([&] { job = begin_job(id); });
  if (!error && job) {
    show_activity(std::string("company_backup: ") + to_text(job->call.action) + ", job " +
                  std::to_string(id));
    error = do_job(*job, proof);
    show_activity("");
  }
  forget_cancel();
  if (error) in_step([&] { fail_job(id, *error); });
  in_step([&] { unlock_job(id); });
}

// As DISCARD ALL leaves a session.
void forget_session() {
  in_step([] {
    guarded([] {
      ResetAllOptions();
      PortalHashTableDeleteAll();
      DropAllPreparedStatements();
      Async_UnlistenAll();
      LockReleaseSession(USER_LOCKMETHOD);
      ResetPlanCache();
      ResetTempTableNamespace();
      ResetSequenceCaches();
    });
  });
}

// Of those that wait, the oldest that this worker may do.
void run_waiting_jobs(Oid session_user) {
  for (;;) {
    int64_t next = kAnyJob;
    in_step([&] {
      if (room_for_jobs() <= 0) return;
      const JobWorkers workers = JobWorkers::now();
      for (const auto& [id, user] : waiting_jobs(session_user)) {
        if (next == kAnyJob && !workers.has(id)) next = id;
      }
    });
    if (next == kAnyJob) return;
    forget_session();
    run_job(next, InvalidTransactionId, std::nullopt);
  }
}

void run_worker(const WorkerOrder& order) {
  guarded([] {
    pqsignal(SIGTERM, die);
    pqsignal(SIGINT, StatementCancelHandler);
    BackgroundWorkerUnblockSignals();
  });
  Text proof;
  if (order.secret != kNoSecret) proof = take_secret(order.secret);
  guarded([&order] {
    BackgroundWorkerInitializeConnectionByOid(order.database, order.session_user, 0);
  });
  if (order.job != kAnyJob) run_job(order.job, order.starter, proof);
  proof.reset();
  run_waiting_jobs(order.session_user);
  in_step([] { tidy_jobs(); });
  in_step([&] { launch_waiting_jobs(order.session_user); });
}

}  // namespace
}  // namespace company_backup

void company_backup_job(Datum) {
  company_backup::boundary::enter([] {
    company_backup::WorkerOrder order;
    std::memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
    company_backup::run_worker(order);
    return 0;
  });
}
