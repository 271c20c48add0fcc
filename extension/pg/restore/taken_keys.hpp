// For a preview: unique values that a restore would write and that rows outside the company already
// have, most often because a row has moved to another company.
#pragma once

#include <string>
#include <vector>

#include "pg/base/line_spool.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class TakenKeys {
 public:
  // All must outlive it.
  TakenKeys(const LiveScope& live, const Company& company, const MergePlan& plan);

  // A row that would be added, or one in which these columns (positions) change.
  void note_added(const std::vector<RowValue>& archived);
  void note_changed(const std::vector<RowValue>& current, const std::vector<RowValue>& archived,
                    const std::vector<size_t>& columns);

  struct Taken {
    const UniqueIndex* index;
    std::string text;  // for messages: 1 row has what ... has: (7)
  };
  // Looks all of them up; to be called once.
  std::vector<Taken> look_up();

 private:
  struct Index {
    const UniqueIndex* index;
    bool plain;  // it tells rows apart by columns that equal each other
    bool exclusion;
    LineSpool keys{};
  };
  void note(Index& index, const std::vector<const Column*>& columns,
            const std::vector<RowValue>& values);
  std::string look_up(Index& index) const;
  bool meets_others(Index& index) const;

  const LiveScope& live_;
  const Company& company_;
  const MergePlan& plan_;
  std::vector<Index> indexes_;
};

}  // namespace company_backup
