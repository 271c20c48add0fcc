// Stored backups: rows of company_backup.backup and their chunks.
#pragma once

#include <string>

#include "core/manifest.hpp"
#include "pg/backup.hpp"

namespace company_backup {

struct StoredBackup {
  int64_t id;
  std::string company;
  std::string origin;         // manual, upload
  std::string manifest_text;  // exact bytes
};

// Error kUnknownBackup.
StoredBackup find_backup(int64_t id);

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

// Error 42501 unless the caller may SELECT everything in the backup: it is as secret as its tables.
// Tables that are gone hold nobody back.
void require_select(const StoredBackup& backup, const Manifest& manifest);

int64_t next_backup_id();

// Writes the row that makes a backup exist; its chunks are there already.
void complete_backup(int64_t id, const std::string& company, const char* origin,
                     const Manifest& manifest, const std::string& manifest_text);

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
