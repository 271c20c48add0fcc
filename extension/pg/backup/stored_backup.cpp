#include "pg/backup/stored_backup.hpp"

#include "core/text/words.hpp"
#include "pg/base/act.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/guard.hpp"
#include "pg/scope/rules.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {

std::optional<StoredBackup> look_for_backup(int64_t id) {
  // As a call of its own: the backup may have been made in the same statement.
  const Rows rows = own_query(
      "SELECT b.company, b.origin, b.manifest, b.owner, c.key, coalesce(b.uploaded_by = $2 AND "
      "b.uploaded_in = i.identity, false), b.of_this_database, b.tables, CASE WHEN b.expires_at <= "
      "clock_timestamp() THEN b.expires_at END FROM company_backup.backup b CROSS JOIN "
      "company_backup.database_identity i LEFT JOIN company_backup.company c ON c.id = b.owner AND "
      "c.gone_at IS NULL WHERE b.id = $1",
      {id, caller_role()}, Access::kCall);
  if (rows.empty()) return std::nullopt;
  const Row& row = rows[0];
  StoredBackup backup{id,
                      *row[0],
                      stored_word<BackupOrigin>(*row[1]),
                      *row[2],
                      {},
                      row[4],
                      *row[5] == "t",
                      *row[7],
                      *row[6] == "t",
                      row[8]};
  if (row[3]) backup.owner = std::stoll(*row[3]);
  return backup;
}

Error unknown_backup(int64_t id) {
  return Error(sqlstate::kUnknownBackup, "backup " + std::to_string(id) + " does not exist")
      .hint("company_backups() lists the stored backups.");
}

StoredBackup find_backup(int64_t id) {
  std::optional<StoredBackup> backup = look_for_backup(id);
  if (!backup) throw unknown_backup(id);
  return std::move(*backup);
}

void require_not_expired(const StoredBackup& backup) {
  if (!backup.expired_at) return;
  throw Error(sqlstate::kExpired, "backup " + std::to_string(backup.id) + " has expired")
      .detail("It could be read until " + *backup.expired_at + ".")
      .hint("purge_expired() removes it. company_backups() lists the stored backups.");
}

void require_readable(const StoredBackup& backup, const Manifest& manifest) {
  require_readable(manifest, backup.tables,
                   {"Backup " + std::to_string(backup.id), backup.is_mine});
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

int64_t next_backup_id() {
  return std::stoll(
      one_value(own_query("SELECT nextval('company_backup.backup_id_seq')", {}, Access::kWrite)));
}

bool is_of_this_database(const StoredBackup& backup, const Manifest& manifest) {
  return backup.of_this_database && (backup.origin != BackupOrigin::kUpload ||
                                     manifest.database_identity == database_identity().identity);
}

// An uploaded archive may be of a deleted company that had the same key. A backup that was made
// here stays the company's own, whatever key it gets.
bool is_own_backup(const StoredBackup& backup, const Manifest& manifest, const std::string& key) {
  if (!is_of_this_database(backup, manifest)) return false;
  const CompanyIdentity identity = identity_of_key(key);
  if (backup.origin == BackupOrigin::kUpload) {
    return manifest.company_key == key && identity == identity_at(key, manifest.created_at);
  }
  return identity == backup.owner && (identity || manifest.company_key == key);
}

bool does_source_live(const StoredBackup& backup, const Manifest& manifest) {
  return is_of_this_database(backup, manifest) && backup.origin != BackupOrigin::kUpload &&
         backup.owner_key;
}

void give_to(int64_t backup, int64_t owner) {
  own_query(
      "UPDATE company_backup.backup b SET owner = $2 WHERE id = $1 AND owner IS NULL AND NOT "
      "EXISTS "
      "(SELECT FROM company_backup.template WHERE backup = b.id)",
      {backup, owner}, Access::kWrite);
}

void complete_backup(int64_t id, const BackupOwner& owner, const Manifest& manifest,
                     const std::string& manifest_text) {
  int64_t rows = 0, bytes = 0;
  for (const ManifestTable& table : manifest.tables) {
    rows += static_cast<int64_t>(table.rows);
    bytes += static_cast<int64_t>(table.bytes);
  }
  bytes += static_cast<int64_t>(total_files(manifest).bytes);
  note_backup(id);
  note_rows(rows);
  Arg uploader = caller_role();
  uploader.null = owner.origin != BackupOrigin::kUpload;
  const Arg minutes = Arg::optional_number(owner.minutes);
  own_query(
      "INSERT INTO company_backup.backup (id, company, owner, uploaded_by, uploaded_in, "
      "of_this_database, "
      "label, "
      "origin, contents, status, row_count, byte_count, created_at, created_by, actor, manifest, "
      "tables, expires_at) "
      "VALUES ($1, $2, $3, $4, CASE WHEN $4 IS NOT NULL THEN (SELECT identity FROM "
      "company_backup.database_identity) END, $5, $6, $7, $8, $9, $10, $11, $12::timestamptz, "
      "$13::name, "
      "$14, $15, $16::bigint[], clock_timestamp() + $17 * interval '1 minute')",
      {id, owner.company, Arg::optional_number(owner.identity), uploader, owner.of_this_database,
       manifest.label, to_text(owner.origin),
       to_text(manifest.include_files ? BackupContents::kRowsAndFiles : BackupContents::kRows),
       to_text(manifest.problems.empty() ? BackupStatus::kComplete : BackupStatus::kWithProblems),
       rows, bytes, manifest.created_at, manifest.created_by, manifest.actor, manifest_text,
       remember_tables(manifest), minutes},
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
  note_writing();
  guarded([function] {
    PreventCommandDuringRecovery(function);
    PreventCommandIfReadOnly(function);
  });
}

}  // namespace company_backup
