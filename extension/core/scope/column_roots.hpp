// Where the values of columns come from. Which columns hold keys of the company row, of shared rows
// and of people: directly, or because a foreign key leads through other tables of the company; and
// which columns of the company's own rows others follow. A load into another company or another
// database gives all of them new values by the same map.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/scope/scope.hpp"

namespace company_backup {

// A column of the company table, of a shared table or of people.
struct ColumnRoot {
  TableIndex table = kNoTable;
  int16_t column = 0;
  auto operator<=>(const ColumnRoot&) const = default;
};

class ColumnRoots {
 public:
  ColumnRoots(const Schema& schema, const Scope& scope);

  // In no particular order; usually none or one. A column of the company table that others refer to
  // has itself as a root.
  const std::vector<ColumnRoot>& of(TableIndex table, int16_t column) const;

  // The columns of tables that travel in which the values of this one are first found: it follows
  // them by references, whole or one column of several, and they follow nothing else. Itself, if it
  // follows nothing. Of columns that follow each other in a circle the first stands for all.
  std::vector<ColumnRoot> origins(TableIndex table, int16_t column) const;

  // Does a column of a table that travels follow this one, by a reference of any kind?
  bool is_followed(const ColumnRoot& column) const { return followed_.contains(column); }

  // Is it a text made of IDs?
  bool is_path(const ColumnRoot& column) const { return paths_.contains(column); }

 private:
  struct Link {
    ColumnRoot from, to;
  };
  void collect_links(const Schema& schema, const Scope& scope);
  void add_link(const Schema& schema, const Scope& scope, TableIndex table, int16_t column,
                TableIndex target, int16_t target_column, bool whole_key);
  void spread();
  bool add(const ColumnRoot& column, const ColumnRoot& root);
  void collect_ways(const Scope& scope);
  std::set<ColumnRoot> reached_from(const ColumnRoot& column) const;

  std::vector<Link> links_;
  std::map<ColumnRoot, std::vector<ColumnRoot>> ways_;  // between columns of tables that travel
  std::set<ColumnRoot> followed_, paths_;
  std::map<ColumnRoot, std::vector<ColumnRoot>> roots_;
};

}  // namespace company_backup
