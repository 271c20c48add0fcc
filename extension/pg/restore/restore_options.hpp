// What is asked of a restore or its preview.
#pragma once

#include "core/ids/id_mode.hpp"
#include "core/merge/selection.hpp"
#include "pg/load/fitted_archive.hpp"
#include "pg/restore/existing_rows.hpp"

namespace company_backup {

struct RestoreOptions {
  RestoreMode mode = RestoreMode::kReplace;  // or kMerge
  IdMode ids = IdMode::kAuto;
  bool include_files = false;
  OnError on_error = OnError::kAbort;
  MissingShared missing_shared = MissingShared::kRefuse;
  bool add_removed = false;                   // see MergePolicy::adds_removed
  Existing existing = Existing::kSingletons;  // of a merge
  DriftPolicy drift = DriftPolicy::kRefuse;
  Text actor;
  Selection selection;  // consistent with the mode
};

}  // namespace company_backup
