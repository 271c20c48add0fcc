// The new IDs of a company's rows: made for a plan of IDs, column by column, and the maps by which
// references follow.
#pragma once

#include "core/ids/id_plan.hpp"
#include "pg/load/id_maps.hpp"

namespace company_backup {

class MatchedArchive;

class NewIds : public IdMaps {
 public:
  // Reads the IDs out of the archive and gives each its new one; but numbers that nothing refers
  // to, in whose order the rows come anyway, are given when their row comes by.
  // `preview`: IDs that nobody has, but no sequence moves. `plan` refuses nothing; the load must
  // outlive this. Error kIntegrity if there are not enough numbers left.
  NewIds(MatchedArchive& load, const IdPlan& plan, bool preview);
};

}  // namespace company_backup
