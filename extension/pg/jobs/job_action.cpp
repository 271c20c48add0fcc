#include "pg/jobs/job_action.hpp"

namespace company_backup {

const char* to_text(JobAction action) {
  switch (action) {
    case JobAction::kBackup:
      return "backup";
    case JobAction::kRestore:
      return "restore";
    case JobAction::kPreview:
      return "preview";
    case JobAction::kRevert:
      return "revert";
    case JobAction::kCreate:
      return "create";
    case JobAction::kClone:
      return "clone";
    case JobAction::kDelete:
      return "delete";
    case JobAction::kExport:
      return "export";
  }
  return "";
}

ActionFunction function_of(JobAction action) {
  switch (action) {
    case JobAction::kBackup:
      return {"backup_company", "company", false};
    case JobAction::kRestore:
      return {"restore_company", "company", false};
    case JobAction::kPreview:
      return {"preview_restore", "company", true};
    case JobAction::kRevert:
      return {"revert_restore", nullptr, false};
    case JobAction::kCreate:
      return {"create_company_from_backup", nullptr, false};
    case JobAction::kClone:
      return {"clone_company", "source", false};
    case JobAction::kDelete:
      return {"delete_company", "company", false};
    case JobAction::kExport:
      return {"export_company", "company", false};
  }
  return {};
}

}  // namespace company_backup
