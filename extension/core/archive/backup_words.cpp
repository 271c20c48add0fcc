#include "core/archive/backup_words.hpp"

namespace company_backup {

const char* to_text(BackupOrigin origin) {
  switch (origin) {
    case BackupOrigin::kManual:
      return "manual";
    case BackupOrigin::kUpload:
      return "upload";
    case BackupOrigin::kFinal:
      return "final";
  }
  return "";
}

const char* to_text(BackupContents contents) {
  switch (contents) {
    case BackupContents::kRows:
      return "rows";
    case BackupContents::kRowsAndFiles:
      return "rows and files";
  }
  return "";
}

const char* to_text(BackupStatus status) {
  switch (status) {
    case BackupStatus::kComplete:
      return "complete";
    case BackupStatus::kWithProblems:
      return "with problems";
  }
  return "";
}

}  // namespace company_backup
