// What rows get instead of values of "identity" columns that others have: what a copy gets there.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "core/ids/row_mapper.hpp"
#include "pg/load/free_identity.hpp"

namespace company_backup {

class LeftIdentity {
 public:
  // `preview`: NULL everywhere, so that no sequence moves. `live` must outlive it.
  LeftIdentity(const LiveScope& live, const TakenIdentity& taken, bool preview);

  // Which outlives `mapper`.
  void add_to(RowMapper& mapper, const MatchedTable& table) const;

 private:
  struct Values {
    std::unique_ptr<ListedKeys> instead;  // null: NULL
    KeySet keys;
  };
  std::map<std::pair<TableIndex, int16_t>, Values> columns_;
};

}  // namespace company_backup
