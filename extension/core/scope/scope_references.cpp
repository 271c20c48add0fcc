// The references of travelling tables, and what is known to go wrong with them.
#include <algorithm>
#include <tuple>

#include "core/scope/scope_model.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

Reference reference_of(const Model& model, const ForeignKey& fk) {
  Reference reference;
  reference.name = fk.name;
  reference.table = fk.table;
  reference.target = fk.target;
  reference.columns = fk.columns;
  reference.target_columns = fk.target_columns;
  reference.operators = fk.operators;
  reference.match = fk.match;
  reference.only_partition = fk.only_partition;
  const auto outside = model.outside.find(&fk);
  if (outside != model.outside.end()) reference.outside = outside->second;
  return reference;
}

Reference reference_of(const SoftReference& soft) {
  Reference reference;
  for (const std::string& column : soft.rule->columns)
    reference.name += (reference.name.empty() ? "" : ", ") + column;
  if (!soft.rule->json_path.empty()) reference.name += " " + soft.rule->json_path;
  reference.table = soft.table;
  reference.target = soft.target;
  reference.columns = soft.columns;
  reference.target_columns = soft.target_columns;
  reference.soft = true;
  reference.path = soft.path;
  reference.json_path = soft.rule->json_path;
  reference.when_column = soft.rule->when_column;
  reference.when_value = soft.rule->when_value;
  reference.outside = soft.rule->outside;
  return reference;
}

// Is the column all that says whose a row is? Then each row of the company has its key there.
bool is_whole_route(const Scope& scope, const ScopedTable& scoped, const Column& column) {
  if (scoped.routes.size() != 1) return false;
  const RouteStep& step = scoped.routes[0];
  return step.kind == RouteStep::Kind::kCompany && step.when_column == 0 &&
         step.columns == std::vector{column.number} &&
         step.target_columns == std::vector{scope.company_key};
}

// A scope column holds the company's key, as a foreign key to the company row would, whatever says
// whose the rows of its table are; but for one that a rule calls plain data.
void collect_scope_columns(const Model& model, const Scope& scope, const ScopedTable& scoped,
                           std::vector<Reference>& references) {
  for (const Column& column : model.table(scoped.table).columns) {
    if (!model.can_hold_company_key(scoped.table, column)) continue;
    if (model.is_explained(scoped.table, column)) continue;
    if (is_whole_route(scope, scoped, column)) continue;
    const ColumnRule* rule = model.column_rule(scoped.table, column.name);
    if (rule != nullptr && rule->treatment == ColumnTreatment::kData) continue;
    Reference reference;
    reference.name = column.name;
    reference.table = scoped.table;
    reference.target = model.company;
    reference.columns = {column.number};
    reference.target_columns = {scope.company_key};
    reference.soft = true;
    references.push_back(std::move(reference));
  }
}

// Is it one of the ways that say whose a row is?
bool is_way(const ScopedTable& scoped, const Reference& reference) {
  const std::vector<RouteStep> steps = all_steps(scoped);
  return reference.json_path.empty() &&
         std::any_of(steps.begin(), steps.end(),
                     [&](const RouteStep& step) { return step.columns == reference.columns; });
}

// What rows that do not travel refer to, as far as rules say it. Of a global table nobody asks.
void collect_aside(const Model& model, Scope& scope) {
  for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index) {
    const ScopedTable* scoped = scope.find(index);
    if (scoped != nullptr && scoped->travels()) continue;
    for (const SoftReference& soft : model.soft[index])
      scope.aside_references.push_back(reference_of(soft));
    if (scoped != nullptr) collect_scope_columns(model, scope, *scoped, scope.aside_references);
  }
}

// Has somebody said that these rows stay, or is it proved?
bool stays_for_sure(const Model& model, TableIndex table) {
  return table == model.membership || (model.rule[table] != nullptr && !model.rule[table]->guessed);
}

// Rows that need an excluded row can be loaded only where that row is.
void warn_excluded(Model& model, const Scope& scope, const Undecided& undecided,
                   const Reference& reference) {
  const ScopedTable* target = scope.find(reference.target);
  const Table& table = model.table(reference.table);
  if (target == nullptr || target->treatment != TableTreatment::kExcluded ||
      undecided[reference.target])
    return;
  const std::string where = display_name(reference.name) + " refers to " +
                            display_table(model.table(reference.target)) +
                            ", which does not travel: ";
  const bool scalar = reference.json_path.empty() && !is_list(model.schema, reference);
  if (scalar && all_not_null(table, reference.columns)) {
    model.warning(display_table(table),
                  where + "such rows can be loaded only where the row they refer to exists", "");
  } else if (reference.outside == OutsidePolicy::kRefuse) {
    const bool decides = is_way(*scope.find(reference.table), reference);
    model.warning(column_object(table, column_of(table, reference.columns[0]).name),
                  where + "in a copy of the company, or in another database, there is no such row",
                  decides ? Statement("")
                          : model.statements.without_excluded(table, model.table(reference.target),
                                                              reference));
    if (!decides && scalar && stays_for_sure(model, reference.target))
      model.support(Confidence::kConfident,
                    "it can be NULL, what it refers to does not travel, and it does not say whose "
                    "a row is");
  }
}

// What may lead to another company cannot be one of several things that say whose a row is: it
// would be a row of two companies. Kinds of one column exclude each other.
void refuse_kept_ways(Model& model, const Scope& scope, const Reference& reference) {
  const ScopedTable& scoped = *scope.find(reference.table);
  if (reference.outside == OutsidePolicy::kRefuse || !reference.json_path.empty()) return;
  const auto is_it = [&](const RouteStep& step) { return step.columns == reference.columns; };
  TableRule rule = model.rule[reference.table] == nullptr ? proposed_rule(scoped.treatment)
                                                          : *model.rule[reference.table];
  rule.route.clear();
  const std::vector<RouteStep> steps = all_steps(scoped);
  for (const RouteStep& step : steps)
    if (!is_it(step) &&
        std::find(rule.route.begin(), rule.route.end(), step.name) == rule.route.end())
      rule.route.push_back(step.name);
  if (rule.route.empty() || std::none_of(steps.begin(), steps.end(), is_it)) return;
  const Table& table = model.table(reference.table);
  model.error(display_table(table),
              "a rule lets " + display_name(reference.name) +
                  " lead to another company, but it is one of the columns that say which company a "
                  "row belongs to: such a row would belong to both",
              model.statements.table_rule(table, rule));
}

}  // namespace

void collect_references(Model& model, Scope& scope, const Undecided& undecided) {
  for (const ScopedTable& table : scope.tables) {
    if (!table.travels()) continue;
    for (const ForeignKey* fk : model.keys_of[table.table])
      scope.references.push_back(reference_of(model, *fk));
    for (const SoftReference& soft : model.soft[table.table])
      scope.references.push_back(reference_of(soft));
    collect_scope_columns(model, scope, table, scope.references);
  }
  collect_aside(model, scope);
  std::stable_sort(scope.references.begin(), scope.references.end(),
                   [](const Reference& a, const Reference& b) {
                     return std::tie(a.table, a.name) < std::tie(b.table, b.name);
                   });
  for (const Reference& reference : scope.references) {
    warn_excluded(model, scope, undecided, reference);
    refuse_kept_ways(model, scope, reference);
  }
}

}  // namespace company_backup
