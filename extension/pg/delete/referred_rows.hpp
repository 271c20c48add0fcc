// Which rows of a company that is deleted rows outside refer to, asked for a whole table at once:
// looking up the keys of all rows that go would take longer than removing them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/text/row_line.hpp"
#include "pg/restore/outside_actions.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class ReferredRows {
 public:
  // `work` as of OutsideRows. All must outlive it.
  ReferredRows(const LiveScope& live, const Company& company, const OutsideWork& work)
      : live_(live), company_(company), work_(work) {}

  // Can it be asked for references of this table? The caller may read it, and its routes say which
  // rows are outside. Of others each row that goes has to be looked up, as the table's owner.
  bool asks(TableIndex source) const;

  using Visitor =
      std::function<void(const std::vector<const Column*>&, const std::vector<RowValue>&)>;

  // Calls `visit` with these columns of each row "s" of the company in the target that a row "r"
  // outside refers to; `join` says when it does. Under the active snapshot, which still sees the
  // rows of the company.
  void find(TableIndex source, TableIndex target, const std::vector<int16_t>& columns,
            const std::string& join, const Visitor& visit) const;

 private:
  const LiveScope& live_;
  const Company& company_;
  const OutsideWork& work_;
};

}  // namespace company_backup
