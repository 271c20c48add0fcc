// All single steps up: foreign keys, scope columns, soft references, and what rules name.
#include <algorithm>

#include "core/scope/scope_model.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

std::vector<std::string> equality(const Table& target, const std::vector<int16_t>& target_columns,
                                  const Table& table, const std::vector<int16_t>& columns) {
  std::vector<std::string> operators;
  for (size_t i = 0; i < columns.size(); ++i)
    operators.push_back(
        common_equality(column_of(target, target_columns[i]), column_of(table, columns[i])));
  if (std::find(operators.begin(), operators.end(), "") != operators.end()) operators.clear();
  return operators;
}

Link link_of(const Model& model, const ForeignKey& fk) {
  Link link;
  RouteStep& step = link.step;
  step.kind = fk.target == model.company ? RouteStep::Kind::kCompany : RouteStep::Kind::kDown;
  step.name = fk.name;
  step.target = fk.target;
  step.columns = fk.columns;
  step.target_columns = fk.target_columns;
  step.operators = fk.operators;
  link.firm = all_not_null(model.table(fk.table), fk.columns);
  link.cascade = fk.on_delete == 'c';
  // Of a composite key to the company table the column of the company key says it all.
  const auto key = std::find(fk.target_columns.begin(), fk.target_columns.end(), model.key->number);
  if (step.kind == RouteStep::Kind::kCompany && key != fk.target_columns.end()) {
    const auto position = static_cast<size_t>(key - fk.target_columns.begin());
    step.columns = {fk.columns[position]};
    step.target_columns = {fk.target_columns[position]};
    step.operators = {fk.operators.at(position)};
  }
  return link;
}

Link link_of(const Model& model, const SoftReference& soft) {
  Link link;
  link.step.kind =
      soft.target == model.company ? RouteStep::Kind::kCompany : RouteStep::Kind::kDown;
  link.step.name = soft.rule->columns[0];
  link.step.target = soft.target;
  link.step.columns = soft.columns;
  link.step.target_columns = soft.target_columns;
  link.step.operators = equality(model.table(soft.target), soft.target_columns,
                                 model.table(soft.table), soft.columns);
  link.step.when_column = soft.when_column;
  link.step.when_value = soft.rule->when_value;
  link.firm = all_not_null(model.table(soft.table), soft.columns) &&
              (soft.when_column == 0 || all_not_null(model.table(soft.table), {soft.when_column}));
  link.origin = DecidedBy::kReference;
  link.guessed = soft.rule->guessed;
  return link;
}

bool leads_to_company(const std::vector<Link>& links, int16_t column) {
  return std::any_of(links.begin(), links.end(), [&](const Link& link) {
    return link.step.kind == RouteStep::Kind::kCompany &&
           std::find(link.step.columns.begin(), link.step.columns.end(), column) !=
               link.step.columns.end();
  });
}

// It has the name of a scope column, but cannot hold one key. A list of keys is a reference.
void ask_mismatched(Model& model, TableIndex index, const Column& column) {
  if (model.column_rule(index, column.name) != nullptr || model.is_explained(index, column)) return;
  const Table& table = model.table(index);
  model.has_mismatched_scope_column = true;
  model.error(column_object(table, column.name),
              "it has the name of a scope column, but its type " + column.type +
                  " is not that of the company key, " + model.key->type,
              is_array(column) || !common_equality(*model.key, column).empty()
                  ? model.statements.reference(table, {column.name}, model.table(model.company),
                                               {model.key->name})
                  : model.statements.column_rule(table, column.name, ColumnTreatment::kData));
}

void add_scope_columns(Model& model, TableIndex index) {
  const Table& table = model.table(index);
  for (const Column& column : table.columns) {
    if (!model.is_scope_column(index, column)) continue;
    if (leads_to_company(model.links[index], column.number)) continue;
    if (!model.can_hold_company_key(index, column)) {
      ask_mismatched(model, index, column);
      continue;
    }
    Link link;
    link.step.name = column.name;
    link.step.target = model.company;
    link.step.columns = {column.number};
    link.step.target_columns = {model.key->number};
    link.step.operators =
        equality(model.table(model.company), link.step.target_columns, table, link.step.columns);
    link.firm = column.not_null;
    link.origin = DecidedBy::kScopeColumn;
    model.links[index].push_back(link);
  }
}

// The step up over a foreign key of `fk.table` that points at this table.
Link up_link(const ForeignKey& fk) {
  Link link;
  link.step.kind = RouteStep::Kind::kUp;
  link.step.name = fk.name;
  link.step.target = fk.table;
  link.step.columns = fk.target_columns;
  link.step.target_columns = fk.columns;
  link.step.operators = fk.operators;
  link.origin = DecidedBy::kRule;
  return link;
}

// The ways a route name of the table's rule can mean: its own constraint or column first (all kinds
// of it), then constraints of tables that point at it.
std::vector<Link> named_links(const Model& model, TableIndex index, const std::string& name) {
  std::vector<Link> found;
  for (const Link& link : model.links[index]) {
    if (link.step.name != name) continue;
    if (!link.of_one_kind()) return {link};
    found.push_back(link);
  }
  if (!found.empty()) return found;
  for (const ForeignKey* fk : model.keys_to[index])
    if (fk->name == name && fk->table != index && fk->only_partition == 0)
      found.push_back(up_link(*fk));
  return found;
}

void order_route(Model& model, TableIndex index) {
  const TableRule& rule = *model.rule[index];
  const Table& table = model.table(index);
  TableRule known = rule;
  known.route.clear();
  std::vector<std::string> unknown;
  for (const std::string& name : rule.route) {
    const std::vector<Link> found = named_links(model, index, name);
    (found.empty() ? unknown : known.route).push_back(name);
    for (const Link& link : found) {
      const bool hangs = link.step.target == index;  // of kinds, some may
      (hangs ? model.hanging[index] : model.ordered[index]).push_back(link);
    }
  }
  // Alone they would lead nowhere.
  if (model.ordered[index].empty()) std::swap(model.ordered[index], model.hanging[index]);
  for (const std::string& name : unknown) {
    const bool partition = std::any_of(
        model.keys_of[index].begin(), model.keys_of[index].end(),
        [&](const ForeignKey* fk) { return fk->name == name && fk->only_partition != 0; });
    model.error(display_table(table),
                "the route of its rule names " + display_name(name) +
                    (partition ? ", which is a foreign key of one partition only"
                               : ", which is no foreign key, scope column or reference"),
                model.statements.table_rule(table, known));
  }
}

}  // namespace

void build_links(Model& model) {
  for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index) {
    if (index == model.company) continue;
    for (const ForeignKey* fk : model.keys_of[index])
      if (fk->only_partition == 0) model.links[index].push_back(link_of(model, *fk));
    for (const SoftReference& soft : model.soft[index])
      if (soft.can_route) model.links[index].push_back(link_of(model, soft));
    if (!model.is_outsiders(index)) add_scope_columns(model, index);
  }
  for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index)
    if (index != model.company && model.rule[index] != nullptr && model.ruled_owned(index))
      order_route(model, index);
}

}  // namespace company_backup
