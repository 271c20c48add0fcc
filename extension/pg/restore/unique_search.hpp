// Rows of one table, of the company or of others, that have unique values of rows of an archive.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/restore/watched_keys.hpp"

namespace company_backup {

class UniqueSearch : public WatchedKeys {
 protected:
  // All must outlive it.
  UniqueSearch(const LiveScope& live, const Company& company, const MergePlan& plan)
      : WatchedKeys(plan), live_(live), company_(company) {}

  // What is told of a row that is found: SQL expressions.
  virtual std::vector<std::string> told(const std::string& alias) const = 0;

  struct Hit {
    std::string values;  // of the index: (7, north); "" if it is not one of plain columns
    std::string after;   // of the archive's row, see WatchedKeys
    bool is_own;         // the row that is here is the company's
    Row told;
  };
  using Found = std::function<void(const Hit&)>;
  // Looks up what was noted for the index; to be called once for each.
  void look_up(Index& index, const Found& found) const;

 private:
  void look_up_plain(Index& index, const Found& found) const;
  void look_up_others(Index& index, const Found& found) const;
  std::string select(const std::string& alias, size_t parameter) const;

  const LiveScope& live_;
  const Company& company_;
};

}  // namespace company_backup
