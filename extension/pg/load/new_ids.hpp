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

  // For a merge whose rows keep their IDs, but for those that bind() is told of.
  explicit NewIds(const LiveScope& live) : live_(live), merges_(true) { keeps_keys_ = true; }

  // Of a merge: an old ID of the column becomes that of a row that is here, whatever is said of it.
  void bind(const ColumnRoot& column, std::string_view old_id, std::string_view existing);

 private:
  void settle(const MadeIds& made, IdKind kind, const std::vector<ColumnRoot>& columns);
  std::shared_ptr<MergedIds> merged(const ColumnRoot& column,
                                    const std::shared_ptr<const KeyMap>& earlier,
                                    const std::shared_ptr<const KeyMap>& given, bool ascends) const;

  const LiveScope& live_;
  const bool merges_;
  std::map<ColumnRoot, std::shared_ptr<MergedIds>> merged_;
};

}  // namespace company_backup
