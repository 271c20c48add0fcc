// Unique values that a row of the company keeps, since it stays as it is: a row of the archive that
// is to have one of them does not come, so that the row in its place keeps its own in turn, which
// another is to have. Followed to the end at once: numbers of positions that have all moved by one
// would take an attempt each.
//
// Of plain unique indexes, by text; what is missed shows when rows are written.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pg/base/postgres.hpp"
#include "pg/restore/merge_plan.hpp"

namespace company_backup {

class HeldValues {
 public:
  // The plan must outlive it. Keeps some 200 bytes of each row that comes.
  explicit HeldValues(const MergePlan& plan);

  // A row of the company stays, with these values of the plan's current columns.
  void stays(const std::vector<RowValue>& current);
  // A row comes: added, or in place of `current` with these columns (positions) changed.
  void added(const std::vector<RowValue>& archived);
  void changed(const std::vector<RowValue>& current, const std::vector<RowValue>& archived,
               const std::vector<size_t>& columns);

  // Rows that do not come for this, as MergePlan::refusal_key() and key_text() have them; to be
  // called once, when all of the table's rows were given.
  using Found = std::function<void(const std::string& row, const std::string& key, Oid index)>;
  void close_over(const Found& found);

 private:
  struct Coming {
    std::string row, key;
    std::vector<std::string> held{};  // if it does not come
  };
  std::string value_of(size_t number, const std::vector<const Column*>& columns,
                       const std::vector<RowValue>& row) const;

  const MergePlan& plan_;
  std::vector<const UniqueIndex*> indexes_;
  std::vector<Coming> coming_;
  std::unordered_multimap<std::string, size_t> wanted_;  // by value; in coming_
  std::vector<std::string> held_;
};

}  // namespace company_backup
