// What jobs can do.
#pragma once

namespace company_backup {

enum class JobAction {
  kBackup,
  kRestore,
  kPreview,  // of a restore
  kRevert,
  kCreate,
  kClone,
  kDelete,
  kExport,
};

const char* to_text(JobAction action);

// The function of the extension that does it, and its parameter that names the company; nullptr: it
// has none.
struct ActionFunction {
  const char* name;
  const char* company;
  bool returns_rows;
};
ActionFunction function_of(JobAction action);

}  // namespace company_backup
