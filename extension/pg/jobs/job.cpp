#include "pg/jobs/job.hpp"

#include <csignal>

#include "core/text/words.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/module.hpp"

namespace company_backup {
namespace {

Arg role_arg(Oid role) {
  return Arg::datum(OIDOID, ObjectIdGetDatum(role));
}

// Rows of a fixed query, as they are now.
Rows look(const char* sql, const std::vector<Arg>& args = {}) {
  FreshSnapshot now;
  Rows rows = own_query(sql, args, Access::kRead);
  now.close();
  return rows;
}

bool is_alive(int pid) {
  return pid > 0 && kill(pid, 0) == 0;
}

}  // namespace

const char* to_text(JobState state) {
  switch (state) {
    case JobState::kQueued:
      return "queued";
    case JobState::kRunning:
      return "running";
    case JobState::kDone:
      return "done";
    case JobState::kFailed:
      return "failed";
    case JobState::kCancelled:
      return "cancelled";
  }
  return "";
}

int64_t add_job(const JobCall& call, std::optional<int64_t> owner, WithoutWorker otherwise) {
  const Oid role = guarded([] { return GetUserId(); });
  const Oid session = guarded([] { return GetSessionUserId(); });
  const bool by_membership =
      role != session && guarded([=] { return is_member_of_role(session, role); });
  return std::stoll(one_value(own_query(
      "INSERT INTO company_backup.job (action, company, owner, options, actor, waits, "
      "session_user_role, role, by_membership) VALUES ($1, $2, $3, $4::jsonb - $5, $6, $7, $8, $9, "
      "$10) RETURNING id",
      {to_text(call.action), call.company, Arg::optional_number(owner), call.options, kProofOption,
       call.actor, otherwise == WithoutWorker::kQueue, role_arg(session), role_arg(role),
       by_membership},
      Access::kWrite)));
}

void note_worker(int64_t id, int pid) {
  own_query("UPDATE company_backup.job SET worker = $2 WHERE id = $1", {id, pid}, Access::kWrite);
}

std::optional<Job> begin_job(int64_t id) {
  const Rows rows = own_query(
      "UPDATE company_backup.job SET state = 'running', started_at = clock_timestamp(), worker = "
      "pg_backend_pid() WHERE id = $1 AND state = 'queued' RETURNING action, company, "
      "options::text, actor, owner, role, by_membership",
      {id}, Access::kWrite);
  if (rows.empty()) return std::nullopt;
  const Row& row = rows[0];
  return Job{.id = id,
             .call = {.action = stored_word<JobAction>(*row[0]),
                      .company = row[1],
                      .options = *row[2],
                      .actor = row[3]},
             .owner = row[4] ? std::optional<int64_t>(std::stoll(*row[4])) : std::nullopt,
             .role = oid_of(row[5]),
             .by_membership = row[6] == "t"};
}

void finish_job(int64_t id, const Text& result) {
  if (own_query("UPDATE company_backup.job SET state = 'done', finished_at = clock_timestamp(), "
                "options = '{}', result = $2 WHERE id = $1 AND state = 'running' RETURNING 1",
                {id, result}, Access::kWrite)
          .empty()) {
    throw unknown_job(id);
  }
}

void fail_job(int64_t id, const CaughtError& error) {
  const bool is_cancelled = error.sqlstate == "57014";
  own_query(
      "UPDATE company_backup.job SET state = $2, finished_at = clock_timestamp(), options = '{}', "
      "sqlstate = $3, "
      "message = $4, detail = nullif($5, ''), hint = nullif($6, '') WHERE id = $1",
      {id, to_text(is_cancelled ? JobState::kCancelled : JobState::kFailed), error.sqlstate,
       error.message, error.detail, error.hint},
      Access::kWrite);
}

bool cancel_queued_job(int64_t id) {
  return !own_query(
              "UPDATE company_backup.job SET state = 'cancelled', finished_at = clock_timestamp() "
              "WHERE id = $1 AND state = 'queued' RETURNING 1",
              {id}, Access::kWrite)
              .empty();
}

std::optional<KnownJob> look_for_job(int64_t id) {
  const Rows rows = look(
      "SELECT coalesce(j.company, ''), j.owner, c.key, j.started_by IS NOT DISTINCT FROM "
      "pg_current_xact_id_if_assigned() FROM company_backup.job AS j LEFT JOIN "
      "company_backup.company AS c ON c.id = j.owner AND c.gone_at IS NULL WHERE j.id = $1",
      {id});
  if (rows.empty()) return std::nullopt;
  const Row& row = rows[0];
  return KnownJob{
      .company = *row[0],
      .owner = row[1] ? std::optional<int64_t>(std::stoll(*row[1])) : std::nullopt,
      .key = row[2],
      .is_of_this_transaction = row[3] == "t",
  };
}

Error unknown_job(int64_t id) {
  return Error(sqlstate::kUnknownJob, "job " + std::to_string(id) + " does not exist")
      .detail("Jobs are forgotten some time after they ended, or with their company.")
      .hint("company_jobs() lists the jobs.");
}

std::optional<JobState> state_of_job(int64_t id) {
  const std::set<int64_t> lost = lost_jobs();
  const Rows rows = look("SELECT state FROM company_backup.job WHERE id = $1", {id});
  if (rows.empty()) return std::nullopt;
  if (lost.contains(id)) return JobState::kFailed;
  return stored_word<JobState>(*rows[0][0]);
}

// A worker has the lock before it says that the job runs, and until it has said how it ended. So
// who was seen to be without a worker, and after that still not to have ended, never will.
std::set<int64_t> lost_jobs() {
  const Rows open = look(
      "SELECT id, worker, state = 'queued' AND server_started = pg_postmaster_start_time(), "
      "waits AND state = 'queued', session_user_role IN (SELECT oid FROM pg_roles WHERE "
      "rolcanlogin) FROM company_backup.job WHERE state IN ('queued', 'running')");
  if (open.empty() || guarded([] { return RecoveryInProgress(); })) return {};
  std::set<int64_t> suspects;
  const auto pid_of = [](const Row& row) { return row[1] ? std::stoi(*row[1]) : 0; };
  for (const Row& row : open) {
    const bool may_begin = row[2] == "t" && is_alive(pid_of(row));
    const bool may_wait = row[3] == "t" && row[4] == "t";
    if (!may_begin && !may_wait) suspects.insert(std::stoll(*row[0]));
  }
  const JobWorkers workers = JobWorkers::now();
  std::erase_if(suspects, [&](int64_t id) { return workers.has(id); });
  if (suspects.empty()) return {};
  std::set<int64_t> still_open;
  for (const Row& row :
       look("SELECT id FROM company_backup.job WHERE state IN ('queued', 'running')")) {
    still_open.insert(std::stoll(*row[0]));
  }
  std::erase_if(suspects, [&](int64_t id) { return !still_open.contains(id); });
  return suspects;
}

CaughtError why_lost() {
  return {.sqlstate = sqlstate::kJobLost,
          .message = "the job was interrupted",
          .detail =
              "Its worker ended, or could not connect, or the server was restarted. Nothing "
              "of what it did is there.",
          .constraint = "",
          .hint = "Start it again. The server's log may say why it ended."};
}

void tidy_jobs() {
  for (const int64_t id : lost_jobs()) {
    if (!lock_job(id)) continue;
    const CaughtError why = why_lost();
    own_query(
        "UPDATE company_backup.job SET state = 'failed', finished_at = clock_timestamp(), sqlstate "
        "= $2, message = $3, detail = $4, hint = $5 WHERE id IN (SELECT id FROM company_backup.job "
        "WHERE id = $1 AND state IN ('queued', 'running') FOR UPDATE SKIP LOCKED)",
        {id, why.sqlstate, why.message, why.detail, why.hint}, Access::kWrite);
    unlock_job(id);
  }
  own_query(
      "DELETE FROM company_backup.job WHERE id IN (SELECT id FROM company_backup.job WHERE "
      "finished_at < clock_timestamp() - $1 * interval '1 minute' FOR UPDATE SKIP LOCKED)",
      {job_retention}, Access::kWrite);
}

std::vector<std::pair<int64_t, Oid>> waiting_jobs(Oid session_user) {
  std::vector<std::pair<int64_t, Oid>> jobs;
  for (const Row& row :
       look("SELECT id, session_user_role, worker FROM company_backup.job WHERE state = 'queued' "
            "AND waits AND ($1 = 0 OR session_user_role = $1) AND session_user_role IN (SELECT oid "
            "FROM pg_roles WHERE rolcanlogin) ORDER BY id",
            {role_arg(session_user)})) {
    jobs.emplace_back(std::stoll(*row[0]), oid_of(row[1]));
  }
  return jobs;
}

// A committed job is counted by its worker, as long as that has not begun.
int room_for_jobs() {
  std::set<uint32_t> places = held_places();
  for (const Row& row :
       look("SELECT id, worker FROM company_backup.job WHERE state = 'queued' AND worker IS NOT "
            "NULL AND worker <> pg_backend_pid() AND server_started = "
            "pg_postmaster_start_time()")) {
    if (is_alive(std::stoi(*row[1]))) places.insert(static_cast<uint32_t>(std::stoll(*row[0])));
  }
  return max_jobs - static_cast<int>(places.size());
}

}  // namespace company_backup
