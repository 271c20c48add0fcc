#include "pg/backup/limits.hpp"

#include "pg/base/fresh_snapshot.hpp"

namespace company_backup {
namespace {

std::optional<int64_t> number_of(const Text& text) {
  return text ? std::optional<int64_t>(std::stoll(*text)) : std::nullopt;
}

CompanyLimits limits_of(int64_t company) {
  const Row row = one_row(own_query(
      "SELECT coalesce(c.backups_per_day, d.backups_per_day), coalesce(c.kept_backups, "
      "d.kept_backups), coalesce(c.kept_bytes, d.kept_bytes), coalesce(c.retention, d.retention) "
      "FROM (SELECT) AS one LEFT JOIN company_backup.company_limit AS c ON c.company = $1 LEFT "
      "JOIN company_backup.company_limit AS d ON d.company IS NULL",
      {company}));
  return {number_of(row[0]), number_of(row[1]), number_of(row[2]), row[3]};
}

[[noreturn]] void refuse(const LimitedCompany& company, const std::string& limit,
                         const std::string& detail, const std::string& hint) {
  throw Error(sqlstate::kLimitReached,
              "company \"" + company.key + "\" has reached its limit of " + limit)
      .detail(detail)
      .hint(hint + " Whoever owns the database can change limits with set_company_limits().");
}

std::string counted(int64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// `made`: how many of them count already, besides the one that is being made.
void require_day(const LimitedCompany& company, const CompanyLimits& limits, int64_t made) {
  if (!limits.backups_per_day || made < *limits.backups_per_day) return;
  std::string hint = "This company may make none.";
  if (*limits.backups_per_day > 0) {
    const Rows next = own_query(
        "SELECT made_at + interval '1 day' FROM company_backup.backup_made WHERE company = $1 "
        "ORDER BY made_at DESC OFFSET $2 LIMIT 1",
        {company.identity, *limits.backups_per_day - 1}, Access::kRead);
    hint = next.empty() ? "Try again later."
                        : "The next one can be made at " + next[0][0].value_or("") + ".";
  }
  refuse(company, counted(*limits.backups_per_day, "backup") + " a day",
         counted(made, "backup") + (made == 1 ? " was" : " were") + " made in the last 24 hours.",
         hint);
}

void require_kept(const LimitedCompany& company, const CompanyLimits& limits, int64_t kept,
                  int64_t bytes) {
  constexpr char kHint[] = "Delete a backup first, with delete_backup().";
  if (limits.kept_backups && kept > *limits.kept_backups) {
    refuse(company, counted(*limits.kept_backups, "stored backup"),
           "With this one there would be " + std::to_string(kept) + ".", kHint);
  }
  if (limits.kept_bytes && bytes > *limits.kept_bytes) {
    refuse(company, counted(*limits.kept_bytes, "byte") + " in stored backups",
           "With this one there would be " + std::to_string(bytes) + ".", kHint);
  }
}

// Until the transaction ends. A lock of the company's own row would wait for those that other
// backups have of it, and they for ours.
void take_turn(int64_t company) {
  const Oid table = oid_of(
      one_row(own_query("SELECT 'company_backup.backup_made'::pg_catalog.regclass::oid"))[0]);
  guarded(
      [table, company] { LockDatabaseObject(table, static_cast<Oid>(company), 1, ExclusiveLock); });
}

struct Use {
  int64_t made, kept, bytes;
};

// As it is now, whatever the transaction's own snapshot sees. Templates do not count: whoever
// publishes them keeps them.
Use use_of(int64_t company) {
  FreshSnapshot fresh;
  const Row row = one_row(own_query(
      "SELECT (SELECT count(*) FROM company_backup.backup_made AS m WHERE m.company = $1 AND "
      "m.made_at > clock_timestamp() - interval '1 day'), count(*), coalesce(sum(b.byte_count), "
      "0)::bigint "
      "FROM company_backup.backup AS b WHERE b.owner = $1 AND b.origin IN ('manual', 'upload') AND "
      "(b.expires_at IS NULL OR b.expires_at > clock_timestamp()) AND NOT EXISTS (SELECT FROM "
      "company_backup.template AS t WHERE t.backup = b.id)",
      {company}, Access::kRead));
  fresh.close();
  return {*number_of(row[0]), *number_of(row[1]), *number_of(row[2])};
}

}  // namespace

void store_limits(std::optional<int64_t> company, const CompanyLimits& limits) {
  const auto require_positive = [](const std::optional<int64_t>& limit, const char* name) {
    if (!limit || *limit >= 0) return;
    throw Error(sqlstate::kInvalidParameter, std::string(name) + " must not be negative")
        .hint("0 allows none, NULL any number.");
  };
  require_positive(limits.backups_per_day, "backups_per_day");
  require_positive(limits.kept_backups, "kept_backups");
  require_positive(limits.kept_bytes, "kept_bytes");
  if (limits.retention &&
      own_query("SELECT WHERE $1::interval > interval '0'", {limits.retention}).empty()) {
    throw Error(sqlstate::kInvalidParameter, "retention must be longer than nothing")
        .hint("Write for example interval '24 hours'; NULL keeps backups until they are deleted.");
  }
  const Arg identity = Arg::optional_number(company);
  own_query("DELETE FROM company_backup.company_limit WHERE company IS NOT DISTINCT FROM $1",
            {identity}, Access::kWrite);
  if (!limits.any()) return;
  own_query(
      "INSERT INTO company_backup.company_limit VALUES ($1, $2, $3, $4, $5::interval) ON CONFLICT "
      "(company) DO UPDATE SET backups_per_day = excluded.backups_per_day, kept_backups = "
      "excluded.kept_backups, kept_bytes = excluded.kept_bytes, retention = excluded.retention",
      {identity, Arg::optional_number(limits.backups_per_day),
       Arg::optional_number(limits.kept_backups), Arg::optional_number(limits.kept_bytes),
       limits.retention},
      Access::kWrite);
}

void require_room(const LimitedCompany& company) {
  const CompanyLimits limits = limits_of(company.identity);
  if (!limits.any()) return;
  const Use use = use_of(company.identity);
  require_day(company, limits, use.made);
  require_kept(company, limits, use.kept + 1, use.bytes);
}

void keep_within_limits(const LimitedCompany& company, int64_t backup, BackupMade made) {
  const CompanyLimits limits = limits_of(company.identity);
  const Arg retention = limits.retention;
  if (limits.any()) {
    take_turn(company.identity);
    own_query(
        "UPDATE company_backup.backup SET expires_at = least(expires_at, now() + $2::interval) "
        "WHERE "
        "id = $1 AND $2 "
        "IS NOT NULL",
        {backup, retention}, Access::kWrite);
    const Use use = use_of(company.identity);
    if (made == BackupMade::kHere) require_day(company, limits, use.made);
    require_kept(company, limits, use.kept, use.bytes);
  }
  if (made == BackupMade::kUploaded) return;
  own_query("INSERT INTO company_backup.backup_made VALUES ($1, clock_timestamp())",
            {company.identity}, Access::kWrite);
  own_query(
      "DELETE FROM company_backup.backup_made WHERE ctid = ANY (ARRAY(SELECT ctid FROM "
      "company_backup.backup_made WHERE company = $1 AND made_at < clock_timestamp() - interval '1 "
      "day' FOR UPDATE SKIP LOCKED))",
      {company.identity}, Access::kWrite);
}

void remove_contents(int64_t backup) {
  own_query("DELETE FROM company_backup.backup_chunk WHERE backup = $1", {backup}, Access::kWrite);
  own_query("DELETE FROM company_backup.backup_file WHERE backup = $1", {backup}, Access::kWrite);
}

int64_t remove_expired(int64_t most) {
  const Rows expired = own_query(
      "DELETE FROM company_backup.backup WHERE id IN (SELECT b.id FROM company_backup.backup AS b "
      "WHERE b.expires_at <= clock_timestamp() AND NOT EXISTS (SELECT FROM company_backup.template "
      "AS t WHERE "
      "t.backup = b.id) ORDER BY b.expires_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id",
      {most}, Access::kWrite);
  for (const Row& row : expired) {
    remove_contents(std::stoll(*row[0]));
    check_for_interrupts();
  }
  return static_cast<int64_t>(expired.size());
}

}  // namespace company_backup
