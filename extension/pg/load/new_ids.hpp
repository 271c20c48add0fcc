// The new IDs of a company's rows: made for a plan of IDs, column by column, and the maps by which
// references follow.
#pragma once

#include "core/ids/id_plan.hpp"
#include "core/ids/merged_ids.hpp"
#include "pg/load/id_maps.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class KeptIds;
class MatchedArchive;

class NewIds : public IdMaps {
 public:
  // Reads the IDs out of the archive and gives each its new one; but numbers that nothing refers
  // to, in whose order the rows come anyway, are given when their row comes by.
  // Columns of one group get the same new number for the same old one, one that is new in all.
  // `kept`: of a merge: what came before has its ID, what comes now is noted; else null.
  // `preview`: IDs that nobody has, but no sequence moves. `plan` refuses nothing; all
  // references must outlive this. Error kIntegrity if there are not enough numbers left.
  NewIds(const LiveScope& live, MatchedArchive& load, const IdPlan& plan, KeptIds* kept,
         bool preview);

  // Of a merge: an old ID of a renewed column becomes that of a row that is here. False: the column
  // is not renewed.
  bool bind(const ColumnRoot& column, std::string_view old_id, std::string_view existing);

 private:
  void settle(const LiveScope& live, const MadeIds& made, IdKind kind,
              const std::vector<ColumnRoot>& columns);

  const bool merges_;
  std::map<ColumnRoot, std::shared_ptr<MergedIds>> merged_;
};

}  // namespace company_backup
