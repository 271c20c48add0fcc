// Which shared rows and people a company's rows refer to: collected while the rows are read, then
// written as the archive's shared/ entries.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/text/json_path.hpp"
#include "pg/rows/table_plan.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// The distinct values of a set of columns of one shared table, as encoded JSON values joined by
// ",".
struct SharedKeySet {
  TableIndex target;
  std::vector<int16_t> target_columns;
  std::unordered_set<std::string> values;
};

class SharedKeys {
 public:
  explicit SharedKeys(const LiveScope& live);

  // Prepares for the lines of a table; an empty observer if it refers to nothing shared.
  LineObserver observe(const TravellingTable& table);

  // The shared tables that are referred to, ready to be read, in the scope's order: by rows of the
  // company, or by match columns of such shared rows. Their queries' arguments point into this
  // object. Reads these tables where match columns refer to others.
  struct SharedTable {
    TableIndex table;
    TableQuery query;
    ManifestTable manifest;
    bool complete = true;  // else a key that is not found may be that of a company's row
    std::vector<const SharedKeySet*> sets;
    std::vector<std::vector<size_t>> set_positions;  // of each set's columns in query.columns
  };
  std::vector<SharedTable> plan();

  // Collected values that no row of the table has: after all its lines were given to the observer
  // of that table.
  LineObserver mark_found(const SharedTable& table);
  std::vector<std::string> missing(const SharedTable& table) const;

 private:
  SharedKeySet& set_of(TableIndex target, const std::vector<int16_t>& columns);
  std::vector<SharedTable> plan_tables();
  bool add_referred(const SharedTable& table);

  const LiveScope& live_;
  std::map<std::pair<TableIndex, std::vector<int16_t>>, SharedKeySet> sets_;
  std::map<const SharedKeySet*, std::unordered_set<std::string>> found_;
  std::vector<std::vector<std::string>> arguments_;  // text arrays of plan()'s queries
};

}  // namespace company_backup
