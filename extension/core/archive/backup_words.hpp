// What is stored of backups, for lists.
#pragma once

namespace company_backup {

// kFinal: made when its company was deleted.
enum class BackupOrigin { kManual, kUpload, kFinal };

enum class BackupContents { kRows, kRowsAndFiles };

enum class BackupStatus { kComplete, kWithProblems };

const char* to_text(BackupOrigin origin);
const char* to_text(BackupContents contents);
const char* to_text(BackupStatus status);

}  // namespace company_backup
