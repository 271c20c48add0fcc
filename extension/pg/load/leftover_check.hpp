// Proves of rows that got new IDs that no old one is left where no rule expects it.
#pragma once

#include "core/archive/archive_match.hpp"
#include "core/ids/leftover_ids.hpp"
#include "core/text/row_line.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class LeftoverCheck {
 public:
  // Columns whose rule is "data" may hold anything. All references must outlive it.
  LeftoverCheck(const LiveScope& live, const MatchedTable& table, const LeftoverIds& ids);

  bool empty() const { return positions_.empty(); }
  const std::vector<size_t>& positions() const { return positions_; }

  // `row`: as it is to be written. Error kLeftover names the row, the column and the ID.
  void check(const std::vector<RowValue>& row) const;

 private:
  [[noreturn]] void refuse(size_t position, std::string_view id,
                           const std::vector<RowValue>& row) const;

  std::string path_hint(size_t position, std::string_view id, const std::vector<RowValue>& row,
                        const std::string& table) const;

  const MatchedTable& table_;
  const LeftoverIds& ids_;
  std::vector<size_t> positions_;
};

}  // namespace company_backup
