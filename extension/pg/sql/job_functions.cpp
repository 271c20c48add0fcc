// start_job, company_jobs, cancel_job, wait_for_job.
#include "pg/base/act.hpp"
#include "pg/base/actor.hpp"
#include "pg/base/arguments.hpp"
#include "pg/jobs/job_control.hpp"
#include "pg/jobs/job_list.hpp"
#include "pg/jobs/launch.hpp"
#include "pg/sql/authorize.hpp"

namespace company_backup {
namespace {

// What the guard is asked by the function that does it.
Action asked_for(JobAction action) {
  switch (action) {
    case JobAction::kBackup:
      return Action::kBackup;
    case JobAction::kRestore:
      return Action::kRestore;
    case JobAction::kPreview:
      return Action::kPreview;
    case JobAction::kRevert:
      return Action::kRevert;
    case JobAction::kCreate:
      return Action::kCreate;
    case JobAction::kClone:
      return Action::kClone;
    case JobAction::kDelete:
      return Action::kDeleteCompany;
    case JobAction::kExport:
      return Action::kExport;
  }
  return Action::kList;
}

// A worker would not be bound by it any more.
void refuse_restricted() {
  if (!InSecurityRestrictedOperation()) return;
  throw Error(sqlstate::kInsufficientPrivilege,
              "start_job() cannot be called within a security-restricted operation");
}

void refuse_company(const JobCall& call) {
  if (call.action != JobAction::kCreate || !call.company) return;
  throw Error(sqlstate::kInvalidParameter, "action \"create\" takes no company")
      .detail("It makes a new one, from the backup in its options.")
      .hint("Give NULL.");
}

Text proof_in(const JobCall& call, WithoutWorker otherwise) {
  const Text proof = one_row(query("SELECT $1::jsonb ->> $2", {call.options, kProofOption}))[0];
  if (proof && otherwise == WithoutWorker::kQueue) {
    throw Error(sqlstate::kInvalidParameter, "a job with a proof cannot be queued")
        .detail("The proof is stored nowhere, so that a worker must be there to take it.")
        .hint("Leave out queue.");
  }
  return proof;
}

// Whose restore it is. A company that is given must be that one.
std::optional<int64_t> owner_to_revert(JobCall& call) {
  const int64_t restore =
      std::stoll(one_value(query("SELECT $1::jsonb ->> 'restore'", {call.options})));
  const std::optional<RestoreOwner> owner = owner_of_restore(restore);
  if (!owner) throw unknown_restore(restore);
  if (call.company) {
    const AskedCompany given(load_live_scope(), call.company);
    if (!given.exists() || given.identity() != owner->identity) {
      throw Error(sqlstate::kInvalidParameter, "restore " + std::to_string(restore) +
                                                   " is not of company \"" + *call.company + "\"")
          .hint("Leave the company out: the restore knows whose it is.");
    }
  }
  call.company = owner->key ? owner->key : Text(owner->company);
  return owner->identity;
}

// What the job will ask and look at: the error that it would have is the caller's at once. The
// company gets the key that it really has; returns its identity.
std::optional<int64_t> ask(JobCall& call) {
  const OnlyAsking asking;
  run_call(call);
  if (call.action == JobAction::kCreate) return std::nullopt;
  if (call.action == JobAction::kRevert) return owner_to_revert(call);
  const OnlyAsking::Company& company = asking.company().value();
  call.company = company.key;
  return company.identity;
}

std::optional<int64_t> optional_milliseconds(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index)) return std::nullopt;
  const Datum interval = PG_GETARG_DATUM(index);
  return std::stoll(
      one_value(query("SELECT least(ceil(extract(epoch FROM $1) * 1000), 1e15)::bigint",
                      {Arg::datum(INTERVALOID, interval)})));
}

// The job, after the guard has allowed the action on its company.
int64_t authorized_job(FunctionCallInfo fcinfo, Action action, const Text& actor) {
  require_guard_or_owner(action);
  const int64_t id = required_int64(fcinfo, 0, "id");
  authorize_job(id, action, actor);
  return id;
}

}  // namespace

COMPANY_BACKUP_FUNCTION(start_job) {
  require_writable("start_job()");
  note_action("start_job");
  refuse_restricted();
  JobCall call{.action = required_word<JobAction>(fcinfo, 0, "action"),
               .company = company_argument(fcinfo, 1),
               .options = required_jsonb(fcinfo, 2, "options"),
               .actor = actor_argument(fcinfo, 3)};
  const auto otherwise =
      !PG_ARGISNULL(4) && PG_GETARG_BOOL(4) ? WithoutWorker::kQueue : WithoutWorker::kFail;
  require_guard_or_owner(asked_for(call.action));
  require_connectable();
  refuse_company(call);
  require_options(call);
  call.proof = proof_in(call, otherwise);
  const std::optional<int64_t> owner = ask(call);
  note_asked(call.company, call.actor);
  note_owner(owner);
  const int64_t id = add_job(call, owner, otherwise);
  launch_job(id, call.proof, otherwise);
  PG_RETURN_INT64(id);
}

COMPANY_BACKUP_FUNCTION(company_jobs) {
  require_guard_or_owner(Action::kList);
  const Listed listed = authorize_list(company_argument(fcinfo, 0));
  launch_waiting_jobs();
  return return_rows(fcinfo, list_jobs({.all = listed.all,
                                        .owner = listed.owner,
                                        .former_key = listed.key,
                                        .key = listed.current}));
}

COMPANY_BACKUP_FUNCTION(cancel_job) {
  require_writable("cancel_job()");
  PG_RETURN_BOOL(cancel_job(authorized_job(fcinfo, Action::kCancelJob, actor_argument(fcinfo, 1))));
}

COMPANY_BACKUP_FUNCTION(wait_for_job) {
  const int64_t id = authorized_job(fcinfo, Action::kList, std::nullopt);
  return return_text(to_text(wait_for_job(id, optional_milliseconds(fcinfo, 1))));
}

}  // namespace company_backup
