// For a merge: rows of the archive that become rows which the company has, because a unique index
// lets it have only one of them. What refers to the one refers to the other then.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pg/load/matched_archive.hpp"
#include "pg/load/new_ids.hpp"
#include "pg/restore/merge_plan.hpp"

namespace company_backup {

// Which rows do.
enum class Existing {
  kSingletons,  // of a table in which a company has one row: its settings
  kAll,         // that have any unique value of a row of the company
};

class ExistingRows {
 public:
  // All must outlive it. `ids`: of the load, which it has from the first row on that becomes
  // another.
  ExistingRows(const LiveScope& live, const Company& company, MatchedArchive& load, NewIds& ids,
               Existing which)
      : live_(live), company_(company), load_(load), ids_(ids), which_(which) {}

  // Looks for them, table by table in the order in which they are written. A row whose key is here
  // is that row already. Error kMergeConflict if one would have to become two.
  void bind();
  // After that: in these tables.
  const std::set<TableIndex>& tables() const { return tables_; }

 private:
  using Key = std::vector<std::string>;
  // As the archive has it, translated, and that of the row it becomes.
  struct Bound {
    Key archived, translated, existing;
  };
  std::vector<const UniqueIndex*> indexes_of(const MatchedTable& matched) const;
  bool is_singleton(const MatchedTable& matched, const UniqueIndex& index) const;
  bool is_company_column(TableIndex table, int16_t column) const;
  void bind(const MatchedTable& matched, const std::vector<const UniqueIndex*>& indexes);
  void keep_missing(const MatchedTable& matched, std::vector<Bound>& found) const;
  void bind(const MatchedTable& matched, const Bound& row);
  bool tells_alone(const MatchedTable& matched, const ColumnRoot& column) const;

  const LiveScope& live_;
  const Company& company_;
  MatchedArchive& load_;
  NewIds& ids_;
  const Existing which_;
  std::set<TableIndex> tables_;
  std::map<Key, Key> bound_;  // of the table at hand, by the archived key
};

}  // namespace company_backup
