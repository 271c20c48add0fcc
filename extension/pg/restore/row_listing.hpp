// For a preview: the rows that a restore would add, change and remove, as JSON like that of an
// archive, without secrets.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pg/restore/merge_plan.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class RowListing {
 public:
  // `put` gets table, key, what happens to the row, the row before and after that; not more than
  // `max_rows` of them.
  RowListing(const LiveScope& live, int64_t max_rows, std::function<void(const Row&)> put)
      : live_(live), left_(max_rows), put_(std::move(put)) {}

  bool is_full() const { return left_ == 0; }

  // `archived`: values of the archive's columns. `values`, `current`: of all columns of the plan.
  // `columns`: positions in which the row changes.
  void added(const MergePlan& plan, const std::vector<RowValue>& archived);
  void removed(const MergePlan& plan, const std::vector<RowValue>& values);
  void changed(const MergePlan& plan, const std::vector<RowValue>& current,
               const std::vector<RowValue>& archived, const std::vector<size_t>& columns);

 private:
  void put(const MergePlan& plan, const std::vector<RowValue>& keys, const char* change,
           const Text& before, const Text& after);
  // Of these positions, which are the archive's where `archived` says so.
  std::string json(const MergePlan& plan, const std::vector<RowValue>& values,
                   const std::vector<bool>& archived) const;

  const LiveScope& live_;
  int64_t left_;
  std::function<void(const Row&)> put_;
};

}  // namespace company_backup
