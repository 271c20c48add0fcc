// Writes what a merge found: removes and changes rows as it goes, puts rows to be loaded aside
// until all that must go are gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/merge/change_log.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/restore/composed_row.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/rows/mapped_row_writer.hpp"
#include "pg/rows/table_edits.hpp"

namespace company_backup {

class RowChanges {
 public:
  // `load`: of the archive that the rows come from. `log`: what is done is noted there; may be
  // null. All references must outlive it.
  RowChanges(const MergePlan& plan, MatchedArchive& load, ChangeLogWriter* log);

  // Rows of a local table in whose way another one is are not written from here on, but told of:
  // their lines, which are `whole` where a row of the company is written anew, and the index. What
  // was noted and removed for them stays so: it has all to be rolled back.
  using TakenLine = std::function<void(std::string_view line, bool whole, Oid index)>;
  void leave_out_taken(TakenLine told);

  void add(std::string_view line);
  void remove(const CurrentRow& row, const std::vector<RowValue>& values);
  void change(const CurrentRow& row, const std::vector<RowValue>& current,
              const std::vector<RowValue>& archived, const std::vector<size_t>& columns);

  // All current rows have been seen: from here on rows are loaded at once.
  void end_of_rows();
  // Instead of finish(): what waits is not written.
  void stop() { edits_.finish(); }
  // To be called once; adds the sequences behind loaded columns.
  void finish(std::vector<ColumnSequence>& sequences);

  // Errors of all: those of TableEdits and MappedRowWriter.

 private:
  void update(const CurrentRow& row, const std::vector<RowValue>& current,
              const std::vector<RowValue>& archived, const std::vector<size_t>& columns);
  void remove_version(const CurrentRow& row, const std::vector<RowValue>& values);
  MappedRowWriter& writer();
  void write(MappedRowWriter& rows, std::string_view line) const;

  const MergePlan& plan_;
  MatchedArchive& load_;
  ChangeLogWriter* log_;
  ComposedRow composed_;
  ValueReader reader_;  // of all columns of the archive
  TableEdits edits_;
  LineSpool added_;
  LineSpool replaced_;  // rows that were removed and come back, with all their columns
  std::unique_ptr<MappedRowWriter> writer_;
  bool at_end_ = false;
  std::vector<NewValue> new_values_;
  TakenLine told_;
  std::string row_;  // key of a changed row, for messages
};

}  // namespace company_backup
