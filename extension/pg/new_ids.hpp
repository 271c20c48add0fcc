// The new IDs of a company's rows: made for a plan of IDs, column by column, and the maps by which
// references follow.
#pragma once

#include <map>
#include <memory>

#include "core/id_plan.hpp"
#include "core/key_map.hpp"
#include "core/leftover_ids.hpp"

namespace company_backup {

class CompanyLoad;

class NewIds {
 public:
  // Reads the IDs out of the archive and gives each its new one; but numbers that nothing refers
  // to, in whose order the rows come anyway, are given when their row comes by.
  // `preview`: IDs that nobody has, but no sequence moves. `plan` refuses nothing; the load must
  // outlive this. Error kIntegrity if there are not enough numbers left.
  NewIds(CompanyLoad& load, const IdPlan& plan, bool preview);

  // For the renewed column and all that follows it; null if it is not renewed.
  const KeyMap* of(const ColumnRoot& origin) const;

  // The old IDs that may not be left anywhere.
  const LeftoverIds& leftovers() const { return leftovers_; }

 private:
  std::map<ColumnRoot, std::unique_ptr<KeyMap>> maps_;
  LeftoverIds leftovers_;
};

}  // namespace company_backup
