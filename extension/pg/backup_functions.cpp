// backup_company, company_backups, backup_contents, backup_manifest, delete_backup.
#include "core/sql.hpp"
#include "core/table_name.hpp"
#include "pg/arguments.hpp"
#include "pg/backup.hpp"
#include "pg/guard.hpp"
#include "pg/stored_backup.hpp"

namespace company_backup {
namespace {

bool records_problems(const std::string& on_error) {
  if (on_error == "record") return true;
  if (on_error == "abort") return false;
  throw Error(sqlstate::kInvalidParameter, "invalid on_error: \"" + on_error + "\"")
      .hint("Possible values: abort, record.");
}

std::string backup_detail(int64_t id) {
  return "{\"backup\": " + std::to_string(id) + "}";
}

// The backup, after the guard has allowed `action` on its company.
StoredBackup authorized_backup(FunctionCallInfo fcinfo, const char* action) {
  require_guard_or_owner(action);
  StoredBackup backup = find_backup(required_int64(fcinfo, 0, "backup"));
  authorize(action, backup.company, std::nullopt, backup_detail(backup.id));
  return backup;
}

// Error kPublished if the backup is a template. It cannot become one until the transaction ends.
void lock_unpublished(int64_t id) {
  own_query("SELECT FROM company_backup.backup WHERE id = $1 FOR UPDATE", {id}, Access::kWrite);
  const Rows published =
      own_query("SELECT name FROM company_backup.template WHERE backup = $1", {id}, Access::kWrite);
  if (published.empty()) return;
  const std::string name = *published[0][0];
  throw Error(sqlstate::kPublished, "backup " + std::to_string(id) + " is a template")
      .detail("It is published as \"" + name + "\"; new companies are made of it.")
      .hint("SELECT unpublish_template(" + quote_literal(name) + ") makes it an ordinary backup.");
}

std::string display_entry(const std::string& encoded) {
  const TableName name = decode_table_name(encoded);
  return display_name(name.schema) + "." + display_name(name.table);
}

}  // namespace

COMPANY_BACKUP_FUNCTION(backup_company) {
  require_writable("backup_company()");
  require_guard_or_owner("backup");
  const Text text = optional_text(fcinfo, 0);
  BackupOptions options;
  options.label = short_text(fcinfo, 1, "label");
  options.include_files = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
  options.record_problems = records_problems(required_text(fcinfo, 3, "on_error"));
  options.actor = short_text(fcinfo, 4, "actor");
  LiveScope live = load_live_scope();
  Company company = resolve_company(live, text);
  authorize("backup", company.key, options.actor,
            std::string("{\"include_files\": ") + (options.include_files ? "true}" : "false}"));
  require_decided(live);  // before an id is spent
  const int64_t id = next_backup_id();
  StoreSink sink(id);
  const Manifest manifest = take_backup(std::move(live), text, options, sink, company);
  complete_backup(id, company.key, "manual", manifest, manifest.to_readable_json());
  PG_RETURN_INT64(id);
}

COMPANY_BACKUP_FUNCTION(company_backups) {
  require_guard_or_owner("list");
  Text key;
  if (const Text text = optional_text(fcinfo, 0)) key = *text;
  if (key) {
    // A company that is gone may still have backups: then its key counts as it was written.
    try {
      key = resolve_company(load_live_scope(), key).key;
    } catch (const Error& error) {
      if (std::string(error.sqlstate()) != sqlstate::kUnknownCompany) throw;
    }
  }
  authorize("list", key, std::nullopt);
  return return_rows(
      fcinfo,
      own_query(
          "SELECT id, company, label, CASE WHEN EXISTS (SELECT FROM company_backup.template "
          "WHERE backup = b.id) THEN 'template' ELSE origin END, contents, status, row_count, "
          "byte_count, created_at, created_by, actor, expires_at FROM company_backup.backup "
          "b WHERE $1 IS NULL OR company = $1 ORDER BY id",
          {key}));
}

COMPANY_BACKUP_FUNCTION(backup_contents) {
  const StoredBackup backup = authorized_backup(fcinfo, "inspect");
  Rows rows;
  const Manifest manifest = Manifest::from_json(backup.manifest_text);
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
  const StoredBackup backup = authorized_backup(fcinfo, "inspect");
  const char* text = backup.manifest_text.c_str();
  return guarded(
      [text] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(const_cast<char*>(text))); });
}

COMPANY_BACKUP_FUNCTION(delete_backup) {
  require_writable("delete_backup()");
  const StoredBackup backup = authorized_backup(fcinfo, "delete");
  lock_unpublished(backup.id);
  if (own_query("DELETE FROM company_backup.backup WHERE id = $1 RETURNING 1", {backup.id},
                Access::kWrite)
          .empty()) {
    throw Error(sqlstate::kUnknownBackup,
                "backup " + std::to_string(backup.id) + " does not exist any more");
  }
  own_query("DELETE FROM company_backup.backup_chunk WHERE backup = $1", {backup.id},
            Access::kWrite);
  own_query("DELETE FROM company_backup.backup_file WHERE backup = $1", {backup.id},
            Access::kWrite);
  PG_RETURN_VOID();
}

}  // namespace company_backup
