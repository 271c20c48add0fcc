// For a merge, which removes nothing: unique values of rows that it would add to one table, and
// that any row there has, of the company or of others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pg/restore/merge_conflicts.hpp"
#include "pg/restore/watched_keys.hpp"

namespace company_backup {

class ConflictSearch : public WatchedKeys {
 public:
  // All must outlive it.
  ConflictSearch(const LiveScope& live, const Company& company, const MergePlan& plan);

  // Looks all of them up; to be called once.
  std::vector<KeyConflicts> look_up();

 protected:
  std::string after(const std::vector<RowValue>& values) const override;

 private:
  void look_up_plain(Index& index, KeyConflicts& found) const;
  void look_up_others(Index& index, KeyConflicts& found) const;
  std::string key_of(const std::string& alias) const;
  std::string is_own(const std::string& alias, size_t parameter) const;

  const LiveScope& live_;
  const Company& company_;
};

}  // namespace company_backup
