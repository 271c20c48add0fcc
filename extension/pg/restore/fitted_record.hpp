// The undo record of a restore in the shape that the tables have by now: a migration may have
// changed them during the review.
//
// What was renamed is found by its identity, or by set_table_rename() and set_column_rename().
// Values and rows whose column or table is gone are left out: there is no place to bring them back
// to. After a dump and a reload nothing says whether it is gone or was renamed, and they stop the
// revert. No value is made up.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/archive/schema_drift.hpp"
#include "pg/backup/archive_rows.hpp"
#include "pg/load/adapted_rows.hpp"
#include "pg/restore/undo.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class FittedRecord {
 public:
  // `live` must outlive it. Errors: kUnknownBackup; kSchemaDiffers if rows cannot be brought back
  // as they were.
  FittedRecord(const LiveScope& live, int64_t restore);
  FittedRecord(const FittedRecord&) = delete;
  FittedRecord& operator=(const FittedRecord&) = delete;

  int64_t restore() const { return restore_; }
  const Manifest& manifest() const { return drift_.manifest; }
  RowSource& source() { return adapted_ ? static_cast<RowSource&>(*adapted_) : rows_; }

  // Another part of the record, about a table by its number in manifest(): lines as they were.
  std::unique_ptr<LineSource> lines(UndoPart part, size_t table) const;
  // Whole rows, and UndoPart::kChanges: as they are now, in the order that they were in.
  std::unique_ptr<LineSource> rows(UndoPart part, size_t table) const;
  std::unique_ptr<LineSource> changes(size_t table) const;
  // Is the order of the table's key another one now?
  bool is_resorted(size_t table) const { return drift_table(table).resorted; }
  // What a column is called now; none: it is gone.
  std::optional<std::string> column_now(size_t table, const std::string& name) const;

  // For messages, a line each: what is left out.
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  const DriftTable& drift_table(size_t table) const { return drift_.tables[drift_.kept.at(table)]; }
  void leave_keyless();
  void judge(const LiveScope& live);

  const int64_t restore_;
  const Manifest record_;
  const RecordedNames names_;
  const Rules rules_;
  ArchiveRows rows_;
  SchemaDrift drift_;
  std::optional<AdaptedRows> adapted_;  // none: rows are as they were
  std::vector<std::string> left_out_;
};

}  // namespace company_backup
