#include "pg/stored_backup.hpp"

#include "core/table_name.hpp"

namespace company_backup {

StoredBackup find_backup(int64_t id) {
  // As a call of its own: the backup may have been made in the same statement.
  const Rows rows =
      own_query("SELECT company, origin, manifest FROM company_backup.backup WHERE id = $1", {id},
                Access::kCall);
  if (rows.empty()) {
    throw Error(sqlstate::kUnknownBackup, "backup " + std::to_string(id) + " does not exist")
        .hint("company_backups() lists the stored backups.");
  }
  return {id, *rows[0][0], *rows[0][1], *rows[0][2]};
}

void require_not_deleted(const StoredBackup& backup) {
  if (!own_query("SELECT FROM company_backup.backup WHERE id = $1", {backup.id}, Access::kCall)
           .empty()) {
    return;
  }
  throw Error(sqlstate::kUnknownBackup,
              "backup " + std::to_string(backup.id) + " was deleted while it was being read")
      .hint("company_backups() lists the stored backups.");
}

void require_select(const StoredBackup& backup, const Manifest& manifest) {
  for (const auto* tables : {&manifest.tables, &manifest.shared}) {
    for (const ManifestTable& table : *tables) {
      const TableName name = decode_table_name(table.name);
      std::vector<std::string> columns;
      for (const ManifestColumn& column : table.columns) columns.push_back(column.name);
      const Rows refused = query(
          "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
          "WHERE n.nspname::text = $1 AND c.relname::text = $2 "
          "AND NOT has_table_privilege(c.oid, 'SELECT') AND NOT coalesce((SELECT "
          "bool_and(has_column_privilege(c.oid, a.attnum, 'SELECT')) FROM pg_attribute a WHERE "
          "a.attrelid = c.oid AND NOT a.attisdropped AND a.attname::text = ANY ($3::text[])), "
          "false)",
          {name.schema, name.table, text_array(columns)});
      if (refused.empty()) continue;
      throw Error(sqlstate::kInsufficientPrivilege, "permission denied for table " + *refused[0][0])
          .detail("Backup " + std::to_string(backup.id) + " holds rows of it.")
          .hint("A backup is as secret as its tables: reading it takes SELECT on all of them.");
    }
  }
}

int64_t next_backup_id() {
  return std::stoll(
      *own_query("SELECT nextval('company_backup.backup_id_seq')", {}, Access::kWrite).at(0)[0]);
}

void complete_backup(int64_t id, const std::string& company, const char* origin,
                     const Manifest& manifest, const std::string& manifest_text) {
  int64_t rows = 0, bytes = 0;
  for (const ManifestTable& table : manifest.tables) {
    rows += static_cast<int64_t>(table.rows);
    bytes += static_cast<int64_t>(table.bytes);
  }
  bytes += static_cast<int64_t>(total_files(manifest).bytes);
  own_query(
      "INSERT INTO company_backup.backup (id, company, label, origin, contents, status, row_count, "
      "byte_count, created_at, created_by, actor, manifest) VALUES ($1, $2, $3, $4, $5, $6, $7, "
      "$8, "
      "$9::timestamptz, $10::name, $11, $12)",
      {id, company, manifest.label, origin, manifest.include_files ? "rows and files" : "rows",
       manifest.problems.empty() ? "complete" : "with problems", rows, bytes, manifest.created_at,
       manifest.created_by, manifest.actor, manifest_text},
      Access::kWrite);
}

void StoreSink::put(bool shared, int table_number, int seq, std::string_view member) {
  own_query("INSERT INTO company_backup.backup_chunk VALUES ($1, $2, $3, $4, $5)",
            {backup_, shared, table_number, seq, Arg::bytea(member)}, Access::kWrite);
}

void StoreSink::put_file(const FileEntry& file, int seq, std::string_view member) {
  const std::string_view digest{reinterpret_cast<const char*>(file.sha256.data()),
                                file.sha256.size()};
  own_query("INSERT INTO company_backup.backup_file VALUES ($1, $2, $3, $4, $5, $6, $7)",
            {backup_, static_cast<int>(file.table), static_cast<int>(file.column),
             Arg::bytea(digest), seq, static_cast<int64_t>(file.bytes), Arg::bytea(member)},
            Access::kWrite);
}

void require_writable(const char* function) {
  guarded([function] {
    PreventCommandDuringRecovery(function);
    PreventCommandIfReadOnly(function);
  });
}

}  // namespace company_backup
