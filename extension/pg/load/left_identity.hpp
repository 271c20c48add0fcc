// What rows get instead of values of "identity" columns that others have: what a copy gets there.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/ids/row_mapper.hpp"
#include "pg/load/free_identity.hpp"

namespace company_backup {

class LeftIdentity {
 public:
  // `preview`: NULL instead of what a sequence might give, so that none moves; what nothing can
  // stand for stays. Reads the archive's rows of such tables. Error kRefusedIds, if it is no
  // preview, where nothing gives a value to a row that cannot be without one.
  LeftIdentity(const LiveScope& live, const std::vector<MatchedTable>& tables, RowSource& source,
               const TakenIdentity& taken, bool preview);

  // Which outlives `mapper`.
  void add_to(RowMapper& mapper, const MatchedTable& table) const;

 private:
  struct Values {
    std::unique_ptr<ListedKeys> instead;
    KeySet keys;  // NULL instead
  };
  std::map<std::pair<TableIndex, int16_t>, Values> columns_;
};

}  // namespace company_backup
