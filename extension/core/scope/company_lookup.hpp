// Which company a row belongs to, looked up by its routes: in a few steps that each find a row by
// its key.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/scope/scope.hpp"

namespace company_backup {

class CompanyLookup {
 public:
  CompanyLookup(const Schema& schema, const Scope& scope)
      : schema_(schema), scope_(scope), known_(schema.tables.size()) {}

  // How many steps the table's routes have; 0: they are not known, or not quickly.
  size_t steps(TableIndex table);

  // Is the company known without what this column says?
  bool is_known_without(TableIndex table, int16_t column);

  // Can the row be looked up by the step?
  bool is_quick(TableIndex table, const RouteStep& step) const;

  // Adds the tables that are looked at.
  void add_read(TableIndex table, std::set<TableIndex>& read);

  // The company's key as a text, for a row of `alias`; without what the column `without` says, if
  // it is not 0. Only if it is known.
  std::string company_of(TableIndex table, const std::string& alias, int16_t without = 0);

  // The columns that the first steps read, or the company's key.
  std::set<int16_t> columns_read(TableIndex table) const;

 private:
  struct Known {
    size_t number = 0;
    std::vector<const RouteStep*> steps = {};  // of its routes those whose company is known, too
  };

  std::vector<const RouteStep*> steps_without(TableIndex table, int16_t column);
  const std::vector<const RouteStep*>& known_steps(TableIndex table);
  Known find(TableIndex table);
  std::string company_by(TableIndex table, const std::vector<const RouteStep*>& steps,
                         const std::string& alias, int depth);

  const Schema& schema_;
  const Scope& scope_;
  std::vector<std::optional<Known>> known_;
};

}  // namespace company_backup
