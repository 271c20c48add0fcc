#include "pg/load/fitted_archive.hpp"

#include "pg/rows/structure_facts.hpp"

namespace company_backup {

const char* to_text(DriftPolicy policy) {
  switch (policy) {
    case DriftPolicy::kRefuse:
      return "refuse";
    case DriftPolicy::kAdapt:
      return "adapt";
    case DriftPolicy::kCompare:
      break;
  }
  return "";
}

FittedArchive::FittedArchive(const LiveScope& live, const StoredBackup& backup, DriftPolicy policy,
                             const LossObserver& lost)
    : archived_(Manifest::from_json(backup.manifest_text)),
      rows_(stored_members(backup.id), backup.id),
      drift_(find_drift(archived_, live.schema, live.rules, live.scope, structure_facts(live),
                        functions_schema(), policy != DriftPolicy::kRefuse)) {
  if (drift_.is_doubtful()) scan_drift(drift_, rows_, lost);
  if (policy != DriftPolicy::kCompare) require_fitting(drift_, policy == DriftPolicy::kAdapt);
  if (!drift_.is_none()) adapted_.emplace(drift_, rows_);
  for (size_t i = 0; i < drift_.kept.size(); ++i)
    if (!drift_.tables[drift_.kept[i]].passes()) drift_.manifest.tables[i].sha256 = {};
  if (policy == DriftPolicy::kCompare) return;
  erased_ = ErasedRows::find(live, drift_.manifest, fitting(), Tombstones(live, backup, archived_));
  if (erased_) erased_->correct(drift_.manifest);
}

}  // namespace company_backup
