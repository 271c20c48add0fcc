#include "core/ids/group_columns.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace company_backup {
namespace {

bool is_group(const Rules& rules, const Table& table, const Column& column) {
  return !column.generated &&
         column_treatment(rules, table, column.name) == ColumnTreatment::kGroup;
}

// Rules are looked through once for each column: not where there is no such rule.
bool has_groups(const Rules& rules) {
  return std::any_of(rules.columns.begin(), rules.columns.end(), [](const ColumnRule& rule) {
    return rule.treatment == ColumnTreatment::kGroup;
  });
}

}  // namespace

std::vector<GroupColumns> group_columns(const Schema& schema, const Rules& rules,
                                        const Scope& scope) {
  if (!has_groups(rules)) return {};
  std::map<std::pair<std::string, TypeFamily>, GroupColumns> found;
  const auto find = [&](TableIndex index) {
    const Table& table = schema.tables[index];
    for (const Column& column : table.columns) {
      if (!is_group(rules, table, column)) continue;
      found[{column.name, column.family}].push_back({index, column.number});
    }
  };
  for (const ScopedTable& scoped : scope.tables) {
    if (scoped.travels()) find(scoped.table);
  }
  const auto travelling = found;
  for (TableIndex index = 0; index < static_cast<TableIndex>(schema.tables.size()); ++index) {
    const ScopedTable* scoped = scope.find(index);
    if (scoped == nullptr || !scoped->travels()) find(index);
  }
  std::vector<GroupColumns> groups;
  for (auto& [name, columns] : found) {
    if (travelling.contains(name)) groups.push_back(std::move(columns));
  }
  return groups;
}

const GroupColumns* find_group(const std::vector<GroupColumns>& groups, const ColumnRoot& column) {
  for (const GroupColumns& group : groups) {
    if (std::find(group.begin(), group.end(), column) != group.end()) return &group;
  }
  return nullptr;
}

}  // namespace company_backup
