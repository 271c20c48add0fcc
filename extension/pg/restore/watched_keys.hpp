// Unique values of the rows that a merge would write to one table, put aside until all are known:
// what rows that stay have of them is looked up in batches by who derives from it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/base/line_spool.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Which constraints are looked at: all, or those that are proved only when rows are there.
enum class Constraints { kAll, kDeferrable };

class WatchedKeys {
 public:
  virtual ~WatchedKeys() = default;

  // A row that would be added, or one in which these columns (positions) change.
  void note_added(const std::vector<RowValue>& archived);
  void note_changed(const std::vector<RowValue>& current, const std::vector<RowValue>& archived,
                    const std::vector<size_t>& columns);

 protected:
  // The plan must outlive it.
  explicit WatchedKeys(const MergePlan& plan) : plan_(plan) {}

  struct Index {
    const UniqueIndex* index;
    bool plain;  // it tells rows apart by columns that equal each other
    bool exclusion;
    std::vector<int16_t> columns;  // whose values count
    LineSpool keys{};
  };

  void watch(const UniqueIndex& index, bool exclusion);
  // What follows the values of a row.
  virtual std::string after(const std::vector<RowValue>&) const { return {}; }

  // Values of rows, and what follows each.
  struct PlainBatch {
    KeyBatch keys;
    std::vector<std::string> after{};
  };
  struct ValueBatch {
    std::vector<const Column*> columns;
    std::vector<std::vector<Text>> values;  // by column
    std::vector<std::string> after{};
  };
  // All that was noted, a batch at a time; to be called once. For a plain index, and others.
  void read_plain(Index& index, const std::function<void(const PlainBatch&)>& look) const;
  void read_values(Index& index, const std::function<void(const ValueBatch&)>& look) const;

  const MergePlan& plan_;
  std::vector<Index> indexes_;

 private:
  void note(Index& index, const std::vector<const Column*>& columns,
            const std::vector<RowValue>& values);
};

}  // namespace company_backup
