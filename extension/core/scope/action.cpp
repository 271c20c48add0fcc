#include "core/scope/action.hpp"

namespace company_backup {

const char* to_text(Action action) {
  switch (action) {
    case Action::kScope:
      return "scope";
    case Action::kCheck:
      return "check";
    case Action::kContents:
      return "contents";
    case Action::kBackup:
      return "backup";
    case Action::kList:
      return "list";
    case Action::kInspect:
      return "inspect";
    case Action::kExport:
      return "export";
    case Action::kDelete:
      return "delete";
    case Action::kUpload:
      return "upload";
    case Action::kPreview:
      return "preview";
    case Action::kRestore:
      return "restore";
    case Action::kKeep:
      return "keep";
    case Action::kRevert:
      return "revert";
    case Action::kCreate:
      return "create";
    case Action::kClone:
      return "clone";
    case Action::kPublish:
      return "publish";
    case Action::kUnpublish:
      return "unpublish";
    case Action::kDeleteCompany:
      return "delete_company";
    case Action::kErase:
      return "erase";
    case Action::kFreeze:
      return "freeze";
    case Action::kCancelJob:
      return "cancel_job";
    case Action::kUse:
      return "use";
  }
  return "";
}

}  // namespace company_backup
