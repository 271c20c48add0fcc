// Unique values that several rows of an archive would have, since the constraint is newer than it.
// The one that is written first has it. Of plain unique indexes, by text. A restore finds out for
// itself, but for deferrable ones.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/base/line_spool.hpp"
#include "pg/base/postgres.hpp"
#include "pg/restore/watched_keys.hpp"

namespace company_backup {

// Unique indexes of columns as they are, of which a row is found by the text of its values.
std::vector<const UniqueIndex*> text_indexes(const Table& table);

class RepeatedValues {
 public:
  // The plan must outlive it.
  RepeatedValues(const MergePlan& plan, Constraints which);

  // A row that would be added, or one in which these columns (positions) change.
  void note_added(const std::vector<RowValue>& archived);
  void note_changed(const std::vector<RowValue>& current, const std::vector<RowValue>& archived,
                    const std::vector<size_t>& columns);

  // Rows that come too late, as MergePlan::refusal_key() and key_text() have them; to be called
  // once.
  using Found = std::function<void(const std::string& row, const std::string& key, Oid index)>;
  void look_up(const Found& found);

 private:
  void put(size_t number, const std::string& value, bool anew, const std::vector<RowValue>& row);

  const MergePlan& plan_;
  std::vector<const UniqueIndex*> indexes_;
  LineSorter values_;
  uint64_t count_ = 0;
};

}  // namespace company_backup
