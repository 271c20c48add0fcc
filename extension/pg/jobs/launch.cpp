#include "pg/jobs/launch.hpp"

#include <cstring>

#include "pg/base/encoding.hpp"
#include "pg/base/error_code.hpp"
#include "pg/base/module.hpp"
#include "pg/jobs/secret.hpp"

extern "C" {
#include "postmaster/bgworker.h"
}

namespace company_backup {
namespace {

// The outermost subtransaction in which a job was started: what was rolled back does not count.
struct StartedHere {
  SubTransactionId in = InvalidSubTransactionId;
  bool waits = false;  // one of them has no worker
};
StartedHere started;

static_assert(sizeof(WorkerOrder) <= BGW_EXTRALEN);

BackgroundWorker worker_for(const WorkerOrder& order) {
  BackgroundWorker worker{};
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  strlcpy(worker.bgw_library_name, "$libdir/company_backup", sizeof(worker.bgw_library_name));
  strlcpy(worker.bgw_function_name, "company_backup_job", BGW_MAXLEN);
  strlcpy(worker.bgw_type, "company_backup job", BGW_MAXLEN);
  strlcpy(worker.bgw_name, "company_backup job", BGW_MAXLEN);
  if (order.job != kAnyJob) {
    pg_snprintf(worker.bgw_name, BGW_MAXLEN, "company_backup job " INT64_FORMAT, order.job);
  }
  memcpy(worker.bgw_extra, &order, sizeof(order));
  return worker;
}

// The process; 0: it has ended already; none: no worker is free.
std::optional<int> launch(const WorkerOrder& order) {
  BackgroundWorker worker = worker_for(order);
  worker.bgw_notify_pid = MyProcPid;
  constexpr int kNone = -1;
  const int pid = guarded([&worker] {
    BackgroundWorkerHandle* handle;
    if (!RegisterDynamicBackgroundWorker(&worker, &handle)) return kNone;
    pid_t started_as = 0;
    const BgwHandleStatus status = WaitForBackgroundWorkerStartup(handle, &started_as);
    pfree(handle);
    return status == BGWH_STARTED ? static_cast<int>(started_as) : 0;
  });
  return pid == kNone ? std::nullopt : std::optional<int>(pid);
}

// Sees to jobs that were queued when no worker was free: one may have become so before anybody else
// could see them. Nothing here can fail: the transaction is committed.
void launch_after_commit() {
  BackgroundWorker worker =
      worker_for({MyDatabaseId, GetSessionUserId(), InvalidTransactionId, kNoSecret, kAnyJob});
  RegisterDynamicBackgroundWorker(&worker, nullptr);
}

void end_subtransaction(SubXactEvent event, SubTransactionId which, SubTransactionId parent,
                        void*) {
  if (which != started.in) return;
  if (event == SUBXACT_EVENT_ABORT_SUB) started = {};
  if (event == SUBXACT_EVENT_COMMIT_SUB) started.in = parent;
}

void end_transaction(XactEvent event, void*) {
  if (started.in == InvalidSubTransactionId) return;
  switch (event) {
    case XACT_EVENT_PRE_PREPARE:
      ereport(ERROR, (errcode(errcode_of(sqlstate::kPreparedJob)),
                      errmsg("a transaction that has started a job cannot be prepared"),
                      errdetail("The job's worker waits for it to be committed."),
                      errhint("Call start_job() in a transaction of its own.")));
      break;
    case XACT_EVENT_COMMIT:
      if (started.waits) launch_after_commit();
      started = {};
      break;
    case XACT_EVENT_ABORT:
      started = {};
      break;
    default:
      break;
  }
}

void note_started(bool waits) {
  static bool is_told = false;
  if (!is_told) {
    guarded([] {
      RegisterXactCallback(end_transaction, nullptr);
      RegisterSubXactCallback(end_subtransaction, nullptr);
    });
    is_told = true;
  }
  if (started.in == InvalidSubTransactionId) {
    started.in = guarded([] { return GetCurrentSubTransactionId(); });
  }
  started.waits = started.waits || waits;
}

Error no_worker(const char* setting, const std::string& why) {
  return Error(sqlstate::kNoWorker, "no worker is free for the job")
      .detail(why)
      .hint(std::string("Try again later, say queue => true, or let ") + setting + " allow more.");
}

int setting_value(const char* name) {
  return std::stoi(guarded([name] { return GetConfigOption(name, false, false); }));
}

bool take_place(int64_t id) {
  lock_count();
  const bool is_free = room_for_jobs() > 0;
  if (is_free) hold_place(id);
  unlock_count();
  return is_free;
}

}  // namespace

void launch_job(int64_t id, const Text& proof, WithoutWorker otherwise) {
  const bool may_wait = otherwise == WithoutWorker::kQueue;
  if (!take_place(id)) {
    if (!may_wait) {
      throw no_worker(
          "company_backup.max_jobs",
          "As many jobs run as company_backup.max_jobs allows: " + std::to_string(max_jobs) + ".");
    }
    return note_started(true);
  }
  const SecretHandle secret = proof ? leave_secret(*proof) : kNoSecret;
  const std::optional<int> pid =
      launch({.database = MyDatabaseId,
              .session_user = guarded([] { return GetSessionUserId(); }),
              .starter = guarded([] { return GetCurrentTransactionId(); }),
              .secret = secret,
              .job = id});
  if (pid) note_worker(id, *pid);
  if (!pid) {
    forget_secret(secret);
    leave_place(id);
  }
  if (!pid && !may_wait) {
    throw no_worker("max_worker_processes",
                    "The server has " + std::to_string(setting_value("max_worker_processes")) +
                        " background workers (max_worker_processes), and all are at work.");
  }
  note_started(!pid);
}

void launch_waiting_jobs(Oid except) {
  if (guarded([] { return RecoveryInProgress(); })) return;
  const std::vector<std::pair<int64_t, Oid>> jobs = waiting_jobs();
  if (jobs.empty()) return;
  const JobWorkers workers = JobWorkers::now();
  int room = room_for_jobs();
  for (const auto& [id, session_user] : jobs) {
    if (session_user == except || workers.has(id)) continue;
    const WorkerOrder order{MyDatabaseId, session_user, InvalidTransactionId, kNoSecret, id};
    if (room-- <= 0 || !launch(order)) return;
  }
}

void require_connectable() {
  const Rows rows =
      query("SELECT rolname FROM pg_roles WHERE oid = $1 AND NOT rolcanlogin",
            {Arg::datum(OIDOID, ObjectIdGetDatum(guarded([] { return GetSessionUserId(); })))});
  if (rows.empty()) return;
  throw Error(sqlstate::kJobRole, "role \"" + *rows[0][0] + "\" cannot have a worker for a job")
      .detail("It is the user of this session, and may not log in.")
      .hint("Start the job in a session of a role that may.");
}

}  // namespace company_backup
