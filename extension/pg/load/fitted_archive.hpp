// A stored backup in the shape that the tables here have: with renamed tables and columns under
// their names here, with values of the types here, and without rows that were erased since.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/archive/schema_drift.hpp"
#include "pg/backup/archive_rows.hpp"
#include "pg/backup/stored_backup.hpp"
#include "pg/load/adapted_rows.hpp"
#include "pg/load/drift_scan.hpp"
#include "pg/load/erased_rows.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

enum class DriftPolicy {
  kRefuse,   // error kSchemaDiffers where a value would be lost
  kAdapt,    // only where a row could not be had at all
  kCompare,  // never: the differences are all that is wanted
};
const char* to_text(DriftPolicy policy);  // kCompare is nobody's word

class FittedArchive {
 public:
  // Reads the rows of tables in which values may be lost; `lost` may be empty. `live` must outlive
  // it. Errors: kSchemaDiffers, see require_fitting(); those of ErasedRows.
  FittedArchive(const LiveScope& live, const StoredBackup& backup, DriftPolicy policy,
                const LossObserver& lost = {});
  FittedArchive(const FittedArchive&) = delete;
  FittedArchive& operator=(const FittedArchive&) = delete;

  // Tables whose lines are adapted, or do not all come, have no digest in it.
  const Manifest& manifest() const { return drift_.manifest; }
  RowSource& source() { return erased_ ? static_cast<RowSource&>(*erased_) : fitting(); }
  const SchemaDrift& drift() const { return drift_; }
  const ErasedRows* erased() const { return erased_.get(); }  // null: no row was

 private:
  RowSource& fitting() { return adapted_ ? static_cast<RowSource&>(*adapted_) : rows_; }

  const Manifest archived_;
  ArchiveRows rows_;
  SchemaDrift drift_;
  std::optional<AdaptedRows> adapted_;  // none: rows are as they were
  std::unique_ptr<ErasedRows> erased_;
};

}  // namespace company_backup
