#include "pg/jobs/job_list.hpp"

#include <algorithm>
#include <set>

#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/progress.hpp"
#include "pg/jobs/job.hpp"
#include "pg/scope/guard.hpp"

namespace company_backup {
namespace {

// Columns of company_jobs().
enum Column : size_t {
  kId,
  kAction,
  kCompany,
  kState,
  kPhase,
  kTable,
  kRowsDone,
  kRowsTotal,
  kBytesDone,
  kStartedAt,
  kFinishedAt,
  kResult,
  kSqlState,
  kMessage,
  kDetail,
  kHint,
  kColumns
};

Text or_null(const std::string& text) {
  return text.empty() ? std::nullopt : Text(text);
}

void add_progress(Row& row, const ShownProgress& progress) {
  row[kPhase] = or_null(progress.phase);
  row[kTable] = or_null(progress.table);
  row[kRowsDone] = std::to_string(progress.rows_done);
  if (progress.rows_total > 0) {
    row[kRowsTotal] = std::to_string(std::max(progress.rows_total, progress.rows_done));
  }
  row[kBytesDone] = std::to_string(progress.bytes_done);
}

void mark_lost(Row& row) {
  const CaughtError why = why_lost();
  row[kState] = to_text(JobState::kFailed);
  row[kSqlState] = why.sqlstate;
  row[kMessage] = why.message;
  row[kDetail] = why.detail;
  row[kHint] = why.hint;
}

// A DETAIL may hold values of rows: it is for whoever the job acted as, and the database's owner.
Rows stored_jobs(const ListedJobs& which) {
  const Arg role = Arg::datum(OIDOID, ObjectIdGetDatum(GetUserId()));
  FreshSnapshot now;
  Rows rows = own_query(
      "SELECT id, action, company, state, NULL, NULL, NULL, NULL, NULL, started_at, finished_at, "
      "result, sqlstate, message, CASE WHEN $4 OR role = $5 THEN detail END, hint FROM "
      "company_backup.job WHERE $1 OR owner = $2 OR owner IN (SELECT c.id FROM "
      "company_backup.company AS c WHERE c.key = $3 AND c.gone_at IS NOT NULL) ORDER BY id",
      {which.all, Arg::optional_number(which.owner), which.former_key, caller_owns_database(),
       role},
      Access::kRead);
  now.close();
  return rows;
}

Row direct_call(const ShownProgress& progress) {
  Row row(kColumns);
  row[kAction] = progress.action;
  if (progress.has_company) row[kCompany] = progress.company;
  row[kState] = to_text(JobState::kRunning);
  row[kStartedAt] = one_value(query(
      "SELECT $1::text", {Arg::datum(TIMESTAMPTZOID, TimestampTzGetDatum(progress.started_at))}));
  add_progress(row, progress);
  return row;
}

}  // namespace

Rows list_jobs(const ListedJobs& which) {
  const std::set<int64_t> lost = lost_jobs();
  const std::vector<ShownProgress> at_work = all_progress();
  Rows rows = stored_jobs(which);
  for (Row& row : rows) {
    const int64_t id = std::stoll(*row[kId]);
    if (lost.contains(id)) mark_lost(row);
    if (row[kState] != to_text(JobState::kRunning)) continue;
    for (const ShownProgress& progress : at_work) {
      if (progress.job == id) add_progress(row, progress);
    }
  }
  for (const ShownProgress& progress : at_work) {
    if (progress.job != 0) continue;
    if (which.all || (which.key && progress.is_of(*which.key)))
      rows.push_back(direct_call(progress));
  }
  return rows;
}

}  // namespace company_backup
