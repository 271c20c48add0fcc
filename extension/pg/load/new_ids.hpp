// The new IDs of a company's rows: made for a plan of IDs, column by column, and the maps by which
// references follow.
#pragma once

#include "core/ids/id_plan.hpp"
#include "pg/load/id_maps.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class MatchedArchive;

class NewIds : public IdMaps {
 public:
  // Reads the IDs out of the archive and gives each its new one; but numbers that nothing refers
  // to, in whose order the rows come anyway, are given when their row comes by.
  // Columns of one group get the same new number for the same old one, one that is new in all.
  // `preview`: IDs that nobody has, but no sequence moves. `plan` refuses nothing; all
  // references must outlive this. Error kIntegrity if there are not enough numbers left.
  NewIds(const LiveScope& live, MatchedArchive& load, const IdPlan& plan, bool preview);

 private:
  void settle(const std::shared_ptr<const KeyMap>& map, IdKind kind,
              const std::vector<ColumnRoot>& columns);
};

}  // namespace company_backup
