// Where rows stay that the archive has otherwise, or has not, in a merge or beside a selection:
// unique values of rows that would be added to one table or change, and that any row there has, of
// the company or of others.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pg/restore/merge_conflicts.hpp"
#include "pg/restore/unique_search.hpp"

namespace company_backup {

class ConflictSearch : public UniqueSearch {
 public:
  // May rows of the plan's table meet such rows?
  static bool is_needed(const MergePolicy& policy, const MergePlan& plan);

  // All must outlive it.
  ConflictSearch(const LiveScope& live, const Company& company, const MergePlan& plan,
                 Constraints which = Constraints::kAll);

  // A row of the company that goes, or becomes another: nothing that it has is in the way.
  void gone(const std::vector<RowValue>& current);

  // Looks all of them up; one of the two is to be called, once.
  std::vector<KeyConflicts> look_up();
  using Found = std::function<void(const UniqueIndex& index, const MergeConflict& conflict)>;
  void look_up(const Found& found);

 protected:
  std::string after(const std::vector<RowValue>& values) const override;
  std::vector<std::string> told(const std::string& alias) const override;

 private:
  void put_aside(size_t number, const MergeConflict& conflict);
  void read_aside(const std::function<void(size_t number, const MergeConflict&)>& found);
  void look_up_all(const std::function<void(size_t number, const MergeConflict&)>& found);

  // Keys of rows that are gone, and conflicts by the key of the existing row; null: none is gone.
  std::unique_ptr<LineSorter> aside_;
};

}  // namespace company_backup
