// Writes what a merge found: removes and changes rows as it goes, puts rows to be loaded aside
// until all that must go are gone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/merge/change_log.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/rows/mapped_row_writer.hpp"
#include "pg/rows/table_edits.hpp"

namespace company_backup {

class RowChanges {
 public:
  // `load`: of the archive that the rows come from. `log`: what is done is noted there; may be
  // null. All references must outlive it.
  RowChanges(const MergePlan& plan, MatchedArchive& load, ChangeLogWriter* log);

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
  void compose(const std::vector<RowValue>& current, const std::vector<RowValue>& archived,
               const std::vector<size_t>& columns);
  void remove_version(const CurrentRow& row, const std::vector<RowValue>& values);
  MappedRowWriter& writer();

  const MergePlan& plan_;
  MatchedArchive& load_;
  ChangeLogWriter* log_;
  ReadBytes read_bytes_;
  RowComposer composer_;
  ValueReader reader_;  // of all columns of the archive
  TableEdits edits_;
  LineSpool added_;
  LineSpool replaced_;  // rows that were removed and come back, with all their columns
  std::unique_ptr<MappedRowWriter> writer_;
  bool at_end_ = false;
  std::vector<NewValue> new_values_;
  std::string line_;  // of a changed row, whole and with files as base64
  std::string row_;   // its key, for messages
};

}  // namespace company_backup
