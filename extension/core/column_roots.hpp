// Which columns hold keys of the company row, of shared rows and of people: directly, or because a
// foreign key leads through other tables of the company. A load into another company or another
// database gives all of them new values by the same map.
#pragma once

#include <compare>
#include <map>
#include <utility>
#include <vector>

#include "core/scope.hpp"

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

 private:
  struct Link {
    ColumnRoot from, to;
  };
  void collect_links(const Schema& schema, const Scope& scope);
  void add_link(const Schema& schema, const Scope& scope, TableIndex table, int16_t column,
                TableIndex target, int16_t target_column, bool whole_key);
  void spread();
  bool add(const ColumnRoot& column, const ColumnRoot& root);

  std::vector<Link> links_;
  std::map<ColumnRoot, std::vector<ColumnRoot>> roots_;
};

}  // namespace company_backup
