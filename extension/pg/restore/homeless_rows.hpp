// Where rows are only added: those that would come and be nobody's. A row may be a company's only
// because another one refers to it (the body of a document). If that one stays as it is and refers
// to it no more, the row stays away.
//
// Which rows refer to it is known when all tables have been gone through; then all is rolled back
// and attempted again without those that were found.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "pg/base/line_spool.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class HomelessRows {
 public:
  explicit HomelessRows(const LiveScope& live);
  ~HomelessRows();

  // Tables are gone through once more.
  void begin_again();
  // A row of the archive comes. `identity`: MergePlan::identity_of().
  void came(const MatchedTable& matched, const std::vector<RowValue>& row,
            const std::string& identity);
  // After all tables: true if there are more than those that were known.
  bool find();

  bool knows(TableIndex table) const { return known_.contains(table); }
  bool is_homeless(TableIndex table, const std::string& identity) const;
  bool empty() const { return known_.empty(); }
  // Are there tables with such rows?
  bool watches() const { return !owned_.empty(); }

 private:
  struct Way;    // by which rows of one table are a company's
  struct Owned;  // such a table

  const LiveScope& live_;
  std::vector<std::unique_ptr<Owned>> owned_;
  std::map<TableIndex, std::unordered_set<std::string>> known_;
};

}  // namespace company_backup
