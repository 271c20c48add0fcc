#include "pg/restore/restore_record.hpp"

#include "core/scope/sql.hpp"
#include "core/text/json_text.hpp"
#include "core/text/words.hpp"
#include "pg/base/act.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/restore/stale_views.hpp"
#include "pg/restore/undo.hpp"
#include "pg/scope/guard.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {
namespace {

// {"restore": 7, "company": "acme", "status": "review"}; PostgreSQL takes less than 8000 bytes, so
// a key that might not fit is null.
void notify(const KnownRestore& restore) {
  constexpr size_t kLongestKey = 3000;
  std::string key;
  append_json_string(key, restore.company);
  const std::string payload = JsonObject()
                                  .add("restore", restore.id)
                                  .add_json("company", key.size() > kLongestKey ? "null" : key)
                                  .add("status", to_text(restore.status))
                                  .text();
  query("SELECT pg_notify('company_backup', $1)", {payload}, Access::kCall);
}

// What an event of a restore tells its hook, with what else `more` has.
std::string hook_detail(int64_t restore, std::optional<int64_t> backup, JsonObject more,
                        const Text& actor) {
  more.add("restore", restore);
  backup ? more.add("backup", *backup) : more.add_json("backup", "null");
  if (actor) more.add("actor", actor);
  return more.text();
}

RestoreEvent event_of(RestoreStatus status) {
  switch (status) {
    case RestoreStatus::kReview:
      return RestoreEvent::kRestored;
    case RestoreStatus::kKept:
      return RestoreEvent::kKept;
    case RestoreStatus::kReverted:
      break;
  }
  return RestoreEvent::kReverted;
}

}  // namespace

int64_t next_restore_id() {
  return std::stoll(
      one_value(own_query("SELECT nextval('company_backup.restore_id_seq')", {}, Access::kWrite)));
}

void record_restore(const LiveScope& live, const RestoreRecord& record, RestoreEvent event) {
  note_rows(static_cast<int64_t>(record.added + record.changed + record.removed));
  const Text caller = one_row(query("SELECT current_user"))[0];
  own_query(
      "INSERT INTO company_backup.restore (id, company, owner, backup, status, mode, added, "
      "changed, removed, restored_by, actor, settled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
      "$9, $10::name, $11, CASE WHEN $5 <> 'review' THEN clock_timestamp() END)",
      {record.id, record.company, record.owner, Arg::optional_number(record.backup),
       to_text(record.status), to_text(record.mode), static_cast<int64_t>(record.added),
       static_cast<int64_t>(record.changed), static_cast<int64_t>(record.removed), caller,
       record.actor},
      Access::kWrite);
  notify({record.id, record.company, record.backup, record.status, record.owner, record.mode});
  note_views(live);
  run_hook(event, record.company,
           hook_detail(record.id, record.backup,
                       JsonObject()
                           .add("added", static_cast<int64_t>(record.added))
                           .add("changed", static_cast<int64_t>(record.changed))
                           .add("removed", static_cast<int64_t>(record.removed)),
                       record.actor));
}

void note_problem(int64_t restore, const Table& table, const std::string& row_key,
                  const char* sqlstate, const std::string& problem, const Text& row_data) {
  const auto note = [&](const Arg& known) {
    return !own_query(
                "INSERT INTO company_backup.restore_problem (restore, seq, table_name, row_key, "
                "sqlstate, problem, row_data, known_table) SELECT $1, (SELECT "
                "coalesce(max(seq), 0) + 1 FROM company_backup.restore_problem WHERE restore "
                "= $1), $2, $3, $4, $5, $6::json, k.id FROM company_backup.known_table k "
                "WHERE k.relation = $7::oid ORDER BY k.id LIMIT 1 RETURNING 1",
                {restore, display_table(table), row_key, sqlstate, problem, row_data, known},
                Access::kWrite)
                .empty();
  };
  const Arg oid = Arg::datum(OIDOID, ObjectIdGetDatum(table.oid));
  if (note(oid)) return;
  remember_table(table.oid);
  note(oid);
}

void report_problems(int64_t restore, uint64_t count, const char* one, const char* several) {
  if (count == 0) return;
  guarded([=] {
    ereport(NOTICE, (errmsg_plural(one, several, count, count),
                     errhint("restore_problems(" INT64_FORMAT ") lists them.", restore)));
  });
}

Error unknown_company(const Error& error, int64_t backup) {
  return Error(sqlstate::kUnknownCompany, error.message())
      .detail(error.detail())
      .hint("If it was deleted, SELECT create_company_from_backup(" + std::to_string(backup) +
            ") brings it back.");
}

Company find_company(const LiveScope& live, const Text& company, std::optional<int64_t> backup) {
  try {
    return resolve_company(live, company);
  } catch (const Error& error) {
    if (std::string(error.sqlstate()) != sqlstate::kUnknownCompany || !backup) throw;
    throw unknown_company(error, *backup);
  }
}

std::optional<RestoreOwner> owner_of_restore(int64_t restore) {
  const Rows rows = own_query(
      "SELECT r.company, r.owner, c.key FROM company_backup.restore r LEFT JOIN "
      "company_backup.company c ON c.id = r.owner AND c.gone_at IS NULL WHERE r.id = $1",
      {restore}, Access::kCall);
  if (rows.empty()) return std::nullopt;
  return RestoreOwner{*rows[0][0], std::stoll(*rows[0][1]), rows[0][2]};
}

Error unknown_restore(int64_t restore) {
  return Error(sqlstate::kUnknownBackup, "restore " + std::to_string(restore) + " does not exist")
      .hint("company_restores() lists the restores.");
}

KnownRestore find_restore(int64_t id) {
  const Rows rows = own_query(
      "SELECT company, backup, status, owner, mode FROM company_backup.restore WHERE id = $1 FOR "
      "UPDATE",
      {id}, Access::kWrite);
  if (rows.empty()) throw unknown_restore(id);
  std::optional<int64_t> backup;
  if (rows[0][1]) backup = std::stoll(*rows[0][1]);
  return {id,
          *rows[0][0],
          backup,
          stored_word<RestoreStatus>(*rows[0][2]),
          std::stoll(*rows[0][3]),
          stored_word<RestoreMode>(*rows[0][4])};
}

void require_in_review(const KnownRestore& restore) {
  if (restore.status == RestoreStatus::kReview) return;
  throw Error(sqlstate::kNotInReview, "restore " + std::to_string(restore.id) + " is not in review")
      .detail("It was " + std::string(to_text(restore.status)) + ".")
      .hint("A restore can be kept or reverted once.");
}

void require_no_review(const std::string& company, int64_t owner) {
  FreshSnapshot fresh;
  const Rows rows =
      own_query("SELECT id FROM company_backup.restore WHERE owner = $1 AND status = 'review'",
                {owner}, Access::kRead);
  fresh.close();
  if (rows.empty()) return;
  const std::string& id = *rows[0][0];
  throw Error(sqlstate::kInReview, "restore " + id + " of company \"" + company + "\" is in review")
      .hint("Keep or revert it first: keep_restore(" + id + ") or revert_restore(" + id + ").");
}

void refuse_missed_acts(const std::string& company, int64_t owner) {
  constexpr const char* kActs =
      "SELECT count(*), max(id), count(settled_at) FROM company_backup.restore WHERE owner = $1";
  const Rows seen = own_query(kActs, {owner}, Access::kRead);
  FreshSnapshot fresh;
  const Rows now = own_query(kActs, {owner}, Access::kRead);
  fresh.close();
  if (seen == now) return;
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: a restore of company \"" + company +
                  "\" was made or settled meanwhile")
      .hint("Try again.");
}

void settle_restore(const LiveScope& live, const KnownRestore& restore, RestoreStatus status,
                    const Text& actor, const JsonObject& more) {
  own_query(
      "UPDATE company_backup.restore SET status = $2, settled_at = clock_timestamp() WHERE id = $1",
      {restore.id, to_text(status)}, Access::kWrite);
  forget_undo(restore.id);
  if (status == RestoreStatus::kReverted) forget_kept_ids(restore.id);
  own_query("DELETE FROM company_backup.restore_problem WHERE restore = $1 AND in_review",
            {restore.id}, Access::kWrite);
  notify({restore.id, restore.company, restore.backup, status, restore.owner, restore.mode});
  if (status == RestoreStatus::kReverted) note_views(live);
  run_hook(event_of(status), restore.company, hook_detail(restore.id, restore.backup, more, actor));
}

}  // namespace company_backup
