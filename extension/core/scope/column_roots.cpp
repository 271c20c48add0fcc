#include "core/scope/column_roots.hpp"

#include <algorithm>

namespace company_backup {

ColumnRoots::ColumnRoots(const Schema& schema, const Scope& scope) {
  collect_links(schema, scope);
  spread();
  collect_ways(scope);
}

const std::vector<ColumnRoot>& ColumnRoots::of(TableIndex table, int16_t column) const {
  static const std::vector<ColumnRoot> kNone;
  const auto found = roots_.find({table, column});
  return found == roots_.end() ? kNone : found->second;
}

void ColumnRoots::collect_links(const Schema& schema, const Scope& scope) {
  for (const ForeignKey& key : schema.foreign_keys) {
    for (size_t i = 0; i < key.columns.size(); ++i) {
      add_link(schema, scope, key.table, key.columns[i], key.target, key.target_columns[i],
               key.columns.size() == 1);
    }
  }
  for (const Reference& reference : scope.references) {
    if (reference.path) paths_.insert({reference.table, reference.columns[0]});
    if (!reference.soft || !reference.json_path.empty() || !reference.when_column.empty()) continue;
    if (is_list(schema, reference)) continue;
    for (size_t i = 0; i < reference.columns.size(); ++i) {
      add_link(schema, scope, reference.table, reference.columns[i], reference.target,
               reference.target_columns[i], reference.columns.size() == 1);
    }
  }
  for (const ScopedTable& scoped : scope.tables) {
    for (const RouteStep& step : scoped.routes) {
      if (step.kind != RouteStep::Kind::kCompany || step.when_column != 0) continue;
      for (size_t i = 0; i < step.columns.size(); ++i) {
        add_link(schema, scope, scoped.table, step.columns[i], scope.company_table,
                 step.target_columns[i], true);
      }
    }
  }
}

// `whole_key`: the column alone is the reference. One column of a composite key of a shared table
// cannot be translated without the others.
void ColumnRoots::add_link(const Schema& schema, const Scope& scope, TableIndex table,
                           int16_t column, TableIndex target, int16_t target_column,
                           bool whole_key) {
  const ScopedTable* from = scope.find(table);
  const ScopedTable* to = scope.find(target);
  if (from == nullptr || !from->owned() || to == nullptr) return;
  const ColumnRoot source{table, column};
  const ColumnRoot root{target, target_column};
  if (target == scope.company_table) {
    add(root, root);
    add(source, root);
  } else if (!to->owned()) {
    if (whole_key) add(source, root);
    return;
  } else if (whole_key && has_shared_rows(schema, scope, *to)) {
    add(source, root);  // some of its rows are the company's, others shared
  }
  links_.push_back({source, root});
}

void ColumnRoots::collect_ways(const Scope& scope) {
  const auto travels = [&scope](TableIndex table) {
    const ScopedTable* scoped = scope.find(table);
    return scoped != nullptr && scoped->travels();
  };
  for (const Link& link : links_) {
    if (link.to.table == scope.company_table) continue;  // its keys are known beforehand
    if (link.from == link.to || !travels(link.from.table) || !travels(link.to.table)) continue;
    ways_[link.from].push_back(link.to);
    followed_.insert(link.to);
  }
  for (const Reference& reference : scope.references) {
    for (int16_t column : reference.target_columns) followed_.insert({reference.target, column});
  }
}

std::set<ColumnRoot> ColumnRoots::reached_from(const ColumnRoot& column) const {
  std::set<ColumnRoot> reached{column};
  std::vector<ColumnRoot> open{column};
  while (!open.empty()) {
    const auto ways = ways_.find(open.back());
    open.pop_back();
    if (ways == ways_.end()) continue;
    for (const ColumnRoot& next : ways->second) {
      if (reached.insert(next).second) open.push_back(next);
    }
  }
  return reached;
}

std::vector<ColumnRoot> ColumnRoots::origins(TableIndex table, int16_t column) const {
  std::vector<ColumnRoot> origins;
  for (const ColumnRoot& end : reached_from({table, column})) {
    const std::set<ColumnRoot> circle = reached_from(end);
    const bool leads_back = std::all_of(circle.begin(), circle.end(), [&](const ColumnRoot& other) {
      return reached_from(other).contains(end);
    });
    if (leads_back && end == *circle.begin()) origins.push_back(end);
  }
  return origins;
}

void ColumnRoots::spread() {
  for (bool changed = true; changed;) {
    changed = false;
    for (const Link& link : links_) {
      const auto found = roots_.find(link.to);
      if (found == roots_.end()) continue;
      const std::vector<ColumnRoot> roots = found->second;
      for (const ColumnRoot& root : roots) changed |= add(link.from, root);
    }
  }
}

bool ColumnRoots::add(const ColumnRoot& column, const ColumnRoot& root) {
  std::vector<ColumnRoot>& roots = roots_[column];
  if (std::find(roots.begin(), roots.end(), root) != roots.end()) return false;
  roots.push_back(root);
  return true;
}

}  // namespace company_backup
