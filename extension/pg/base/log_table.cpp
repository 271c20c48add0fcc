#include "pg/base/log_table.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "pg/base/boundary.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/log_ring.hpp"

namespace company_backup {
namespace {

// Rights, the guard, proofs and links.
constexpr const char* kDenials[] = {
    sqlstate::kInsufficientPrivilege, sqlstate::kRefusedByGuard, sqlstate::kGuardFailed,
    sqlstate::kRowSecurity,           sqlstate::kPrecondition,   sqlstate::kProof,
    sqlstate::kProofBlocked,          sqlstate::kUnknownLink,    sqlstate::kUsedLink,
    sqlstate::kExpiredLink,           sqlstate::kRefusedLink,    sqlstate::kUnknownTransfer,
    sqlstate::kLimitReached};

const char* outcome_of(const LogEntry& entry) {
  if (entry.sqlstate.empty()) return "done";
  return is_denial(entry.sqlstate.c_str()) ? "refused" : "failed";
}

Text text_of(const char* text) {
  return *text == '\0' ? Text() : Text(text);
}

Arg number_or_null(int64_t number, int64_t null) {
  return number == null ? Arg::optional_number(std::nullopt) : Arg(number);
}

// The columns of company_backup.log_entry from number on.
std::vector<Arg> values_of(const LogEntry& entry, const Text& company, const Text& actor,
                           const Text& sqlstate) {
  return {number_or_null(entry.number, 0),
          Arg::datum(TIMESTAMPTZOID, TimestampTzGetDatum(entry.at)),
          entry.role.c_str(),
          actor,
          entry.action.c_str(),
          company,
          number_or_null(entry.owner, 0),
          number_or_null(entry.backup, 0),
          outcome_of(entry),
          sqlstate,
          entry.duration,
          number_or_null(entry.rows, -1)};
}

Rows run(const char* sql, const LogEntry& entry, Access access) {
  const Text company = text_of(entry.company.c_str());
  const Text actor = text_of(entry.actor.c_str());
  const Text sqlstate = text_of(entry.sqlstate.c_str());
  return own_query(sql, values_of(entry, company, actor, sqlstate), access);
}

bool is_shown(const LogEntry& entry, const LogOf& whose) {
  return whose.all || (whose.owner && entry.owner == *whose.owner);
}

}  // namespace

bool is_denial(const char* sqlstate) {
  return std::any_of(std::begin(kDenials), std::end(kDenials),
                     [sqlstate](const char* code) { return strcmp(code, sqlstate) == 0; });
}

void insert_entry(const LogEntry& entry) {
  run("INSERT INTO company_backup.log_entry (number, logged_at, role, actor, action, company, "
      "owner, backup, outcome, sqlstate, duration, row_count) VALUES ($1, $2, $3, $4, $5, $6, $7, "
      "$8, $9, $10, $11 * interval '1 microsecond', $12) ON CONFLICT (logged_at, number) DO "
      "NOTHING",
      entry, Access::kWrite);
}

int64_t prune_log(int minutes, int64_t most) {
  const Rows pruned = own_query(
      "DELETE FROM company_backup.log_entry WHERE id IN (SELECT id FROM company_backup.log_entry "
      "WHERE logged_at < now() - $1 * interval '1 minute' ORDER BY logged_at LIMIT $2 FOR UPDATE "
      "SKIP LOCKED) RETURNING 1",
      {minutes, most}, Access::kWrite);
  return static_cast<int64_t>(pruned.size());
}

Rows read_log(const LogOf& whose) {
  // Those first, and the table as it is then: what is written meanwhile is in it.
  const std::vector<LogEntry> waiting = waiting_entries();
  FreshSnapshot fresh;
  Rows rows = own_query(
      "SELECT logged_at, role, actor, action, company, backup, outcome, sqlstate, duration, "
      "row_count FROM company_backup.log_entry WHERE $1 OR owner = $2 OR owner IN (SELECT c.id "
      "FROM company_backup.company c WHERE c.key = $3 AND c.gone_at IS NOT NULL) ORDER BY "
      "logged_at, id",
      {whose.all, Arg::optional_number(whose.owner), whose.former_key}, Access::kRead);
  for (const LogEntry& entry : waiting) {
    if (!is_shown(entry, whose)) continue;
    Rows row = run(
        "SELECT logged_at, role, actor, action, company, backup, outcome, sqlstate, duration, "
        "row_count FROM (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 * interval '1 "
        "microsecond', $12)) AS e (number, logged_at, role, actor, action, company, owner, backup, "
        "outcome, sqlstate, duration, row_count) WHERE NOT EXISTS (SELECT FROM "
        "company_backup.log_entry AS l WHERE l.logged_at = e.logged_at AND l.number = e.number)",
        entry, Access::kRead);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  fresh.close();
  return rows;
}

}  // namespace company_backup
