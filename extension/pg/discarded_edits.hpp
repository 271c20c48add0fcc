// Which edits a revert discards: rows that are not as the restore left them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/change_log.hpp"
#include "pg/archive_rows.hpp"
#include "pg/merge_plan.hpp"
#include "pg/undo.hpp"

namespace company_backup {

class DiscardedEdits {
 public:
  DiscardedEdits(const LiveScope& live, int64_t restore);

  // Begins a table; the checks follow in the order of its key. Tables without a key are not looked
  // at: their rows have no identity.
  void begin_table(const MergePlan& plan);
  // The undo record has the row, the database does not.
  void check_added(std::string_view line);
  // The database has the row, the undo record does not.
  void check_removed(const CurrentRow& row, const std::vector<RowValue>& values);
  // Both have it, with different values.
  void check_changed(const CurrentRow& row, const std::vector<RowValue>& values);

  uint64_t count() const { return count_; }

 private:
  void note(const char* problem, const std::vector<RowValue>& values, bool with_data);

  const LiveScope& live_;
  int64_t restore_;
  std::unique_ptr<MemberSource> members_;
  const MergePlan* plan_ = nullptr;
  std::unique_ptr<LineSource> lines_;
  std::optional<ChangeLogReader> log_;
  std::optional<RowLine> row_;
  uint64_t count_ = 0;
};

}  // namespace company_backup
