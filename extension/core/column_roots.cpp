#include "core/column_roots.hpp"

#include <algorithm>

namespace company_backup {

ColumnRoots::ColumnRoots(const Schema& schema, const Scope& scope) {
  collect_links(schema, scope);
  spread();
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
    if (!reference.soft || !reference.json_path.empty() || !reference.when_column.empty()) continue;
    if (is_array(column_of(schema.tables[reference.table], reference.columns[0]))) continue;
    for (size_t i = 0; i < reference.columns.size(); ++i) {
      add_link(schema, scope, reference.table, reference.columns[i], reference.target,
               reference.target_columns[i], reference.columns.size() == 1);
    }
  }
  for (const ScopedTable& scoped : scope.tables) {
    for (const RouteStep& step : scoped.routes) {
      if (step.kind != RouteStep::Kind::kCompany) continue;
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
  } else if (whole_key && has_shared_rows(schema, *to)) {
    add(source, root);  // some of its rows are the company's, others shared
  }
  links_.push_back({source, root});
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
