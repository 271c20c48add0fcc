// Stored backups: rows of company_backup.backup and their chunks.
#pragma once

#include <string>

#include "core/archive/backup_words.hpp"
#include "core/archive/manifest.hpp"
#include "pg/backup/backup.hpp"

namespace company_backup {

struct StoredBackup {
  int64_t id;
  std::string company;  // its key as it was then
  BackupOrigin origin;
  std::string manifest_text;     // exact bytes
  std::optional<int64_t> owner;  // none: an upload for no company, which is its uploader's
  Text owner_key;                // the key that the owner has now; none: it is gone
  bool is_mine;                  // the caller has uploaded it
  std::string tables;            // remember_tables()
  bool of_this_database;         // made here, or signed by the key of this database
  Text expired_at;               // none: it has not
};

std::optional<StoredBackup> look_for_backup(int64_t id);
Error unknown_backup(int64_t id);

// Error kUnknownBackup.
StoredBackup find_backup(int64_t id);

// Error kExpired.
void require_not_expired(const StoredBackup& backup);

// A backup is as secret as its tables are today; errors: see pg/scope/stored_tables.hpp.
void require_readable(const StoredBackup& backup, const Manifest& manifest);

// Error kUnknownBackup if it is not there any more.
void require_not_deleted(const StoredBackup& backup);

// Runs `body`, which reads the rows of a backup. If they are not what they should be because
// somebody has deleted the backup meanwhile, that is the error: kUnknownBackup, not
// kDamagedArchive.
template <class Body>
auto reading(const StoredBackup& backup, Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (std::string_view(error.sqlstate()) == sqlstate::kDamagedArchive)
      require_not_deleted(backup);
    throw;
  }
}

int64_t next_backup_id();

// Was it made in this database? Then IDs and people of it are those of here.
bool is_of_this_database(const StoredBackup& backup, const Manifest& manifest);

// Is it of the company that has this key now?
bool is_own_backup(const StoredBackup& backup, const Manifest& manifest, const std::string& key);

// Is the company known to live that it was made of, whatever key it has now?
bool does_source_live(const StoredBackup& backup, const Manifest& manifest);

// An upload for no company belongs to the one that it is first used for, unless it is published.
void give_to(int64_t backup, int64_t owner);

// Whose a new backup is.
struct BackupOwner {
  std::string company;  // a key, for lists
  std::optional<int64_t> identity;
  BackupOrigin origin = BackupOrigin::kManual;  // kUpload: of the caller
  bool of_this_database = true;
  std::optional<int> minutes = std::nullopt;  // until it expires; none: it does not
};

// Writes the row that makes a backup exist; its chunks are there already.
void complete_backup(int64_t id, const BackupOwner& owner, const Manifest& manifest,
                     const std::string& manifest_text);

// Writes chunks of a backup that is not complete yet.
class StoreSink : public ChunkSink {
 public:
  explicit StoreSink(int64_t backup) : backup_(backup) {}
  void put(bool shared, int table_number, int seq, std::string_view member) override;
  void put_file(const FileEntry& file, int seq, std::string_view member) override;

 private:
  int64_t backup_;
};

// Errors 25006 in a read-only transaction and on a standby.
void require_writable(const char* function);

}  // namespace company_backup
