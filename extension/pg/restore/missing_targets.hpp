// For a preview: rows of an archive whose foreign keys lead to rows that do not travel and are not
// here any more.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/base/line_spool.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class MissingTargets {
 public:
  // All must outlive it.
  MissingTargets(const LiveScope& live, const MergePlan& plan);

  // A row that would be added, or one in which these columns (positions) change.
  void note_added(const std::vector<RowValue>& archived);
  void note_changed(const std::vector<RowValue>& current, const std::vector<RowValue>& archived,
                    const std::vector<size_t>& columns);

  // Rows as MergePlan::refusal_key() and key_text() have them; to be called once.
  using Found = std::function<void(const std::string& row, const std::string& key,
                                   const Reference& reference)>;
  void look_up(const Found& found);

 private:
  struct Way {
    const Reference* reference;
    LineSpool rows{};
  };
  void note(Way& way, const std::vector<const Column*>& columns,
            const std::vector<RowValue>& values);

  const LiveScope& live_;
  const MergePlan& plan_;
  std::vector<Way> ways_;
};

}  // namespace company_backup
