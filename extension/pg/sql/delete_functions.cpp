// preview_delete, delete_company, company_deletions, deletion_report, set_table_retention,
// erase_record, find_in_backups.
#include "core/scope/sql.hpp"
#include "pg/base/act.hpp"
#include "pg/base/actor.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/progress.hpp"
#include "pg/delete/deletion.hpp"
#include "pg/delete/deletion_record.hpp"
#include "pg/delete/erasure.hpp"
#include "pg/delete/stored_rows.hpp"
#include "pg/scope/operation.hpp"
#include "pg/scope/stored_tables.hpp"
#include "pg/sql/authorize.hpp"
#include "pg/sql/named_table.hpp"

namespace company_backup {
COMPANY_BACKUP_FUNCTION(preview_delete) {
  note_action("preview_delete");
  require_guard_or_owner(Action::kDeleteCompany);
  const Text company = company_argument(fcinfo, 0);
  const Text actor = actor_argument(fcinfo, 1);
  LiveScope live = load_live_scope();
  const AskedCompany asked = authorize_existing(live, company, Action::kDeleteCompany, actor,
                                                Detail().add("preview", true));
  const Progress progress("preview", asked.key());
  return return_rows(fcinfo, preview_delete(std::move(live), asked, actor));
}

COMPANY_BACKUP_FUNCTION(delete_company) {
  const bool only_asked = is_only_asked();
  require_writable("delete_company()");
  require_guard_or_owner(Action::kDeleteCompany);
  const Text company = company_argument(fcinfo, 0);
  DeleteOptions options;
  options.confirm_name = required_text(fcinfo, 1, "confirm_name");
  options.final_backup = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
  options.erase = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
  options.proof = optional_text(fcinfo, 4);
  options.actor = actor_argument(fcinfo, 5);
  LiveScope live = load_live_scope();
  const AskedCompany asked =
      authorize_existing(live, company, Action::kDeleteCompany, options.actor,
                         Detail()
                             .add("preview", false)
                             .add("final_backup", options.final_backup)
                             .add("erase", options.erase));
  if (options.erase && options.final_backup) {
    throw Error(sqlstate::kInvalidParameter, "erase and final_backup exclude each other")
        .hint("A final backup would hold what is erased.");
  }
  if (only_asked) PG_RETURN_NULL();
  const Progress progress("delete", asked.key());
  PG_RETURN_INT64(delete_company(std::move(live), asked, options));
}

COMPANY_BACKUP_FUNCTION(company_deletions) {
  require_guard_or_owner(Action::kList);
  const Listed listed = authorize_list(company_argument(fcinfo, 0));
  return return_rows(
      fcinfo,
      own_query(
          "SELECT id, company, removed, kept, final_backup, deleted_at, deleted_by, actor FROM "
          "company_backup.deletion WHERE $1 OR owner = $2 OR owner IN (SELECT c.id FROM "
          "company_backup.company c WHERE c.key = $3 AND c.gone_at IS NOT NULL) ORDER BY id",
          {listed.all, Arg::optional_number(listed.owner), listed.key}));
}

COMPANY_BACKUP_FUNCTION(deletion_report) {
  note_look("deletion_report");
  require_guard_or_owner(Action::kDeleteCompany);
  const int64_t id = required_int64(fcinfo, 0, "deletion");
  authorize_deletion(id, actor_argument(fcinfo, 1));
  return return_rows(fcinfo, read_report(id));
}

COMPANY_BACKUP_FUNCTION(erase_record) {
  require_writable("erase_record()");
  require_guard_or_owner(Action::kErase);
  const Oid target = required_oid(fcinfo, 0, "target");
  const std::string key = required_text(fcinfo, 1, "key");
  const Text reason = short_text(fcinfo, 2, "reason");
  const Text actor = actor_argument(fcinfo, 3);
  LiveScope live = load_live_scope();
  const KeyedRow row = keyed_row(live, target, key);
  if (row.table == live.scope.company_table) {
    throw Error(sqlstate::kInvalidParameter, "the company's own row is no record")
        .hint("SELECT delete_company(..., erase => true) erases a company.");
  }
  const Text company = company_of(live, row);
  const std::string table = display_table(live.table(row.table));
  // Whose row it is, a refusal does not tell.
  const GuardQuestion question{Action::kErase, actor, "Row " + key + " of table " + table};
  const Detail detail = Detail().add("table", table);
  if (!company) {
    authorize(question, company, detail);
    PG_RETURN_BOOL(erase_row(std::move(live), nullptr, target, key, actor, reason));
  }
  const AskedCompany asked(live, company);
  authorize(question, asked.key(), detail);
  asked.require_same_now();
  if (!asked.exists()) throw asked.unknown();
  PG_RETURN_BOOL(erase_row(std::move(live), &asked, target, key, actor, reason));
}

namespace {

// Those that have the table, whatever it was called then.
std::vector<int64_t> backups_with(Oid table) {
  std::vector<int64_t> backups;
  for (const Row& row : own_query(
           "SELECT b.id FROM company_backup.backup b WHERE EXISTS (SELECT FROM "
           "company_backup.known_table k WHERE k.relation = $1::oid AND k.id = ANY (b.tables)) "
           "ORDER BY b.id",
           {Arg::datum(OIDOID, ObjectIdGetDatum(table))}))
    backups.push_back(std::stoll(*row[0]));
  return backups;
}

}  // namespace

COMPANY_BACKUP_FUNCTION(find_in_backups) {
  require_guard_or_owner(Action::kInspect);
  const Oid target = required_oid(fcinfo, 0, "target");
  const std::string key = required_text(fcinfo, 1, "key");
  const Text actor = actor_argument(fcinfo, 2);
  authorize({Action::kInspect, actor, "Row " + key}, std::nullopt);
  Operation operation(load_live_scope(), OperationKind::kLook);
  const KeyedRow row = keyed_row(operation.live(), target, key);
  operation.take_snapshot();
  Rows found;
  for (const int64_t id : backups_with(target)) {
    check_for_interrupts();
    const std::optional<StoredBackup> backup = look_for_backup(id);
    if (!backup) continue;
    require_readable(*backup, Manifest::from_json(backup->manifest_text));
    if (!holds_row(operation.live(), *backup, row)) continue;
    found.push_back(one_row(own_query(
        "SELECT id, company, label, origin, created_at, expires_at FROM company_backup.backup "
        "WHERE id = $1",
        {id})));
  }
  operation.close_snapshot();
  operation.close();
  return return_rows(fcinfo, found);
}

COMPANY_BACKUP_FUNCTION(set_table_retention) {
  require_database_owner("set_table_retention");
  const NamedTable named = named_table(required_oid(fcinfo, 0, "target"));
  const Text reason = optional_text(fcinfo, 1);
  if (reason && reason->empty())
    throw Error(sqlstate::kInvalidParameter, "reason must not be empty");
  own_query(
      "DELETE FROM company_backup.table_retention WHERE table_schema::text = $1 AND "
      "table_name::text = $2",
      {named.schema, named.name}, Access::kWrite);
  if (!reason) PG_RETURN_VOID();
  own_query(
      "INSERT INTO company_backup.table_retention (table_schema, table_name, reason) VALUES "
      "($1::name, $2::name, $3)",
      {named.schema, named.name, reason}, Access::kWrite);
  PG_RETURN_VOID();
}

}  // namespace company_backup
