// Which edits a revert discards: rows that are not as the restore left them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/merge/change_log.hpp"
#include "pg/backup/archive_rows.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/restore/fitted_record.hpp"
#include "pg/restore/merge_plan.hpp"

namespace company_backup {

class DiscardedEdits {
 public:
  // `load`: of the record. Where the company has another key since, rows are compared as they would
  // be with that. All references must outlive it.
  DiscardedEdits(const LiveScope& live, const FittedRecord& record, MatchedArchive& load);

  // Begins a table; the checks follow in the order of its key. Rows of a keyless table have no
  // identity: the checks let them pass.
  void begin_table(const MergePlan& plan);
  // The undo record has the row, the database does not.
  void check_added(std::string_view line);
  // The database has the row, the undo record does not.
  void check_removed(const CurrentRow& row, const std::vector<RowValue>& values);
  // Both have it, with different values.
  void check_changed(const CurrentRow& row, const std::vector<RowValue>& values);

  // Of a keyless table: all rows that the restore left in it, in no order, if it changed it.
  bool has_left() const { return has_left_; }
  bool next_left(std::string_view& line) { return lines_->next(line); }
  // A row that it left, and that is gone.
  void note_keyless_removed(std::string_view line);
  // A row that it did not leave, and that is there.
  void note_keyless_added(const std::vector<RowValue>& values);

  uint64_t count() const { return count_; }

 private:
  void read_log(const std::vector<RowColumn>& columns, bool keyless);
  void note(const char* problem, const std::vector<RowValue>& values, bool with_data);
  std::string key_text(const std::vector<RowValue>& values) const;
  Text data_text(const std::vector<RowValue>& values) const;

  const LiveScope& live_;
  const FittedRecord& record_;
  MatchedArchive& load_;
  const MergePlan* plan_ = nullptr;
  std::unique_ptr<LineSource> lines_;
  std::optional<ChangeLogReader> log_;
  bool has_left_ = false, was_keyless_ = false;
  std::optional<RowLine> row_;
  uint64_t count_ = 0;
};

}  // namespace company_backup
