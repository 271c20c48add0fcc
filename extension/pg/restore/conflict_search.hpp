// Where rows stay that the archive has otherwise, or has not, in a merge or beside a selection:
// unique values of rows that would be added to one table or change, and that any row there has, of
// the company or of others.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pg/restore/merge_conflicts.hpp"
#include "pg/restore/watched_keys.hpp"

namespace company_backup {

class ConflictSearch : public WatchedKeys {
 public:
  // May rows of the plan's table meet such rows?
  static bool is_needed(const MergePolicy& policy, const MergePlan& plan);

  // All must outlive it.
  ConflictSearch(const LiveScope& live, const Company& company, const MergePlan& plan);

  // A row of the company that goes, or becomes another: nothing that it has is in the way.
  void gone(const std::vector<RowValue>& current);

  // Looks all of them up; to be called once.
  std::vector<KeyConflicts> look_up();

 protected:
  std::string after(const std::vector<RowValue>& values) const override;

 private:
  using Found = std::function<void(MergeConflict)>;
  void look_up_plain(Index& index, const Found& found) const;
  void look_up_others(Index& index, const Found& found) const;
  void put_aside(size_t number, const MergeConflict& conflict);
  void read_aside(std::vector<KeyConflicts>& all);
  std::string key_of(const std::string& alias) const;
  std::string is_own(const std::string& alias, size_t parameter) const;

  const LiveScope& live_;
  const Company& company_;
  // Keys of rows that are gone, and conflicts by the key of the existing row; null: none is gone.
  std::unique_ptr<LineSorter> aside_;
};

}  // namespace company_backup
