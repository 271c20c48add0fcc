// backup_company, export_company, company_backups, backup_contents, backup_manifest, delete_backup.
#include "core/archive/manifest.hpp"
#include "core/text/quoting.hpp"
#include "core/text/table_name.hpp"
#include "pg/backup/backup.hpp"
#include "pg/backup/limits.hpp"
#include "pg/base/actor.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/progress.hpp"
#include "pg/base/server_text.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/sql/authorize.hpp"

namespace company_backup {
namespace {

// Expired backups that each new one removes.
constexpr int64_t kRemovedOnTheWay = 3;

bool records_problems(const std::string& on_error) {
  if (on_error == "record") return true;
  if (on_error == "abort") return false;
  throw Error(sqlstate::kInvalidParameter, "invalid on_error: \"" + on_error + "\"")
      .hint("Possible values: abort, record.");
}

// The backup, after the guard has allowed `action` on its company.
StoredBackup authorized_backup(FunctionCallInfo fcinfo, Action action) {
  require_guard_or_owner(action);
  return authorize_backup(required_int64(fcinfo, 0, "backup"), action, std::nullopt);
}

// Error kPublished if the backup is a template. It cannot become one until the transaction ends.
void lock_unpublished(int64_t id) {
  own_query("SELECT FROM company_backup.backup WHERE id = $1 FOR UPDATE", {id}, Access::kWrite);
  const Rows published =
      own_query("SELECT name FROM company_backup.template WHERE backup = $1", {id}, Access::kWrite);
  if (published.empty()) return;
  const std::string name = *published[0][0];
  throw Error(sqlstate::kPublished, "backup " + std::to_string(id) + " is a template")
      .detail("It is published as \"" + name + "\"; new companies are made from it.")
      .hint("SELECT unpublish_template(" + quote_literal(name) + ") makes it an ordinary backup.");
}

std::string display_entry(const std::string& encoded) {
  const TableName name = decode_table_name(encoded);
  return display_name(name.schema) + "." + display_name(name.table);
}

// Of backup_company() and export_company(), which begin alike.
BackupOptions read_options(FunctionCallInfo fcinfo, int actor) {
  BackupOptions options;
  options.label = short_text(fcinfo, 1, "label");
  options.include_files = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
  options.record_problems = records_problems(required_text(fcinfo, 3, "on_error"));
  options.actor = actor_argument(fcinfo, actor);
  return options;
}

// `minutes`: until it expires.
int64_t store_backup(LiveScope live, const AskedCompany& company, const BackupOptions& options,
                     std::optional<int> minutes) {
  require_decided(live);  // before an id is spent
  const int64_t owner = make_identity(live, company.row());
  const LimitedCompany limited{owner, company.key()};
  require_room(limited);
  const int64_t id = next_backup_id();
  StoreSink sink(id);
  const Manifest manifest = take_backup(std::move(live), company, options, sink);
  refuse_ended(owner, company.key());
  complete_backup(id, {.company = company.key(), .identity = owner, .minutes = minutes}, manifest,
                  storable_json(manifest.to_readable_json()));
  keep_within_limits(limited, id, BackupMade::kHere);
  remove_expired(kRemovedOnTheWay);
  return id;
}

// An interval in whole minutes.
int required_minutes(FunctionCallInfo fcinfo, int index, const char* name) {
  if (PG_ARGISNULL(index)) {
    throw Error(sqlstate::kInvalidParameter, std::string(name) + " must not be null");
  }
  const Datum interval = PG_GETARG_DATUM(index);
  const std::string minutes =
      one_value(query("SELECT least(ceil(extract(epoch FROM $1) / 60), 2147483647)::bigint",
                      {Arg::datum(INTERVALOID, interval)}));
  const int64_t number = std::stoll(minutes);
  if (number >= 1) return static_cast<int>(number);
  throw Error(sqlstate::kInvalidParameter, std::string(name) + " must be longer than nothing")
      .hint("Write for example interval '24 hours'.");
}

}  // namespace

COMPANY_BACKUP_FUNCTION(backup_company) {
  const bool only_asked = is_only_asked();
  require_writable("backup_company()");
  require_guard_or_owner(Action::kBackup);
  const Text text = optional_text(fcinfo, 0);
  const BackupOptions options = read_options(fcinfo, 4);
  LiveScope live = load_live_scope();
  const AskedCompany company =
      authorize_existing(live, text, Action::kBackup, options.actor,
                         Detail().add("include_files", options.include_files));
  if (only_asked) PG_RETURN_NULL();
  const Progress progress("backup", company.key());
  PG_RETURN_INT64(store_backup(std::move(live), company, options, std::nullopt));
}

COMPANY_BACKUP_FUNCTION(export_company) {
  const bool only_asked = is_only_asked();
  require_writable("export_company()");
  require_guard_or_owner(Action::kExport);
  const Text text = company_argument(fcinfo, 0);
  const int minutes = required_minutes(fcinfo, 4, "valid_for");
  const BackupOptions options = read_options(fcinfo, 5);
  LiveScope live = load_live_scope();
  const AskedCompany company =
      authorize_existing(live, text, Action::kExport, options.actor,
                         Detail().add("stored", true).add("include_files", options.include_files));
  if (only_asked) PG_RETURN_NULL();
  const Progress progress("export", company.key());
  PG_RETURN_INT64(store_backup(std::move(live), company, options, minutes));
}

COMPANY_BACKUP_FUNCTION(company_backups) {
  require_guard_or_owner(Action::kList);
  const Listed listed = authorize_list(company_argument(fcinfo, 0));
  const bool owner = caller_owns_database();
  return return_rows(
      fcinfo,
      own_query(
          "SELECT id, company, label, CASE WHEN EXISTS (SELECT FROM company_backup.template "
          "WHERE backup = b.id) THEN 'template' ELSE origin END, contents, status, row_count, "
          "byte_count, created_at, created_by, actor, expires_at FROM company_backup.backup "
          "b WHERE CASE WHEN $1 THEN owner IS NOT NULL OR $4 OR (uploaded_by = $5 AND uploaded_in "
          "= "
          "(SELECT identity FROM company_backup.database_identity)) OR EXISTS (SELECT FROM "
          "company_backup.template WHERE backup = b.id) ELSE owner = $2 OR "
          "owner IN (SELECT c.id FROM company_backup.company c WHERE c.key = $3 AND c.gone_at IS "
          "NOT "
          "NULL) END ORDER BY id",
          {listed.all, Arg::optional_number(listed.owner), listed.key, owner, caller_role()}));
}

COMPANY_BACKUP_FUNCTION(backup_contents) {
  const StoredBackup backup = authorized_backup(fcinfo, Action::kInspect);
  Rows rows;
  const Manifest manifest = Manifest::from_json(backup.manifest_text);
  require_readable(backup, manifest);
  for (const ManifestTable& table : manifest.tables) {
    rows.push_back({table.area, display_entry(table.name), std::to_string(table.rows),
                    std::to_string(table.bytes), hex(table.sha256)});
  }
  for (const FileFolder& folder : file_folders(manifest)) {
    const ManifestTable& table = manifest.tables[folder.table];
    rows.push_back(
        {kFilesArea,
         display_entry(table.name) + "." + display_name(table.columns[folder.column].name),
         std::to_string(folder.expected.count), std::to_string(folder.expected.bytes),
         std::nullopt});
  }
  return return_rows(fcinfo, rows);
}

COMPANY_BACKUP_FUNCTION(backup_manifest) {
  const StoredBackup backup = authorized_backup(fcinfo, Action::kInspect);
  require_readable(backup, Manifest::from_json(backup.manifest_text));
  const std::string json = storable_json(backup.manifest_text);
  const char* text = json.c_str();
  return guarded(
      [text] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(const_cast<char*>(text))); });
}

COMPANY_BACKUP_FUNCTION(delete_backup) {
  require_writable("delete_backup()");
  const StoredBackup backup = authorized_backup(fcinfo, Action::kDelete);
  lock_unpublished(backup.id);
  if (own_query("DELETE FROM company_backup.backup WHERE id = $1 RETURNING 1", {backup.id},
                Access::kWrite)
          .empty()) {
    throw Error(sqlstate::kUnknownBackup,
                "backup " + std::to_string(backup.id) + " does not exist any more");
  }
  remove_contents(backup.id);
  PG_RETURN_VOID();
}

}  // namespace company_backup
