// What the guard is asked about.
#pragma once

namespace company_backup {

enum class Action {
  kScope,
  kCheck,
  kContents,
  kBackup,
  kList,
  kInspect,
  kExport,
  kDelete,  // a backup
  kUpload,
  kPreview,
  kRestore,
  kKeep,
  kRevert,
  kCreate,
  kClone,
  kPublish,
  kUnpublish,
  kDeleteCompany,
  kErase,  // a row, for good
  kFreeze,
  kCancelJob,
  kUse,  // asks about the company whose data goes elsewhere
};

const char* to_text(Action action);

}  // namespace company_backup
