// For a preview: unique values that a restore would write and that rows outside the company already
// have, most often because a row has moved to another company.
#pragma once

#include <string>
#include <vector>

#include "pg/restore/watched_keys.hpp"

namespace company_backup {

class TakenKeys : public WatchedKeys {
 public:
  // All must outlive it.
  TakenKeys(const LiveScope& live, const Company& company, const MergePlan& plan);

  struct Taken {
    const UniqueIndex* index;
    std::string text;  // for messages: 1 row has what ... has: (7)
  };
  // Looks all of them up; to be called once.
  std::vector<Taken> look_up();

 private:
  std::string look_up(Index& index) const;
  bool meets_others(Index& index) const;

  const LiveScope& live_;
  const Company& company_;
};

}  // namespace company_backup
