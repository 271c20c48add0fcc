#include "core/scope/discovery.hpp"

#include <algorithm>
#include <map>

#include "core/scope/global_tables.hpp"
#include "core/scope/scope_model.hpp"
#include "core/scope/sql.hpp"
#include "core/text/error.hpp"

namespace company_backup {
namespace {

bool has_link_to_company(const Model& model) {
  for (const auto& links : model.links)
    for (const Link& link : links)
      if (link.step.target == model.company) return true;
  const auto& keys = model.keys_to[model.company];  // of one partition, they are not links
  return std::any_of(keys.begin(), keys.end(),
                     [&](const ForeignKey* fk) { return fk->table != model.company; });
}

bool has_owned_rule(const Model& model) {
  for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index)
    if (index != model.company && model.rule[index] != nullptr && model.ruled_owned(index))
      return true;
  return false;
}

// An empty scope is never a success: it would back up nothing, and say that all is well.
void refuse_empty_scope(const Model& model, const std::string& functions_schema) {
  if (has_link_to_company(model) || has_owned_rule(model) || model.has_mismatched_scope_column)
    return;
  throw Error(sqlstate::kNoRoute, "no foreign key, scope column or rule leads to " +
                                      display_table(model.table(model.company)))
      .hint("Name the columns that hold the company's key in the scope_columns of " +
            functions_schema + ".set_company_table(), or set rules with " + functions_schema +
            ".set_table_rule() and " + functions_schema + ".set_reference().");
}

// What is undecided about tables of outsiders stays a finding, but stops no backup: else anybody
// with a schema of his own could stop everybody's.
void tell_outsiders_apart(Model& model) {
  std::map<std::string, std::string> owners;  // by the table's name in findings
  for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index)
    if (model.is_outsiders(index))
      owners[display_table(model.table(index))] = model.table(index).outsider;
  if (owners.empty()) return;
  for (Finding& finding : model.findings) {
    if (finding.severity != Severity::kError) continue;
    auto owner = owners.find(finding.object);
    for (size_t end = finding.object.rfind('.'); owner == owners.end() && end != std::string::npos;
         end = end == 0 ? std::string::npos : finding.object.rfind('.', end - 1))
      owner = owners.find(finding.object.substr(0, end));  // of a column
    if (owner == owners.end()) continue;
    finding.severity = Severity::kWarning;
    finding.problem += "; its owner, " + display_name(owner->second) +
                       ", has no right on the company's tables, so it stops no backup";
  }
}

void sort_scope(Scope& scope, std::vector<Finding> findings) {
  // Table indexes are in (schema, name) order.
  std::sort(scope.tables.begin() + 1, scope.tables.end(),
            [](const ScopedTable& a, const ScopedTable& b) { return a.table < b.table; });
  sort_findings(findings);
  scope.findings = std::move(findings);
}

}  // namespace

Scope discover_scope(const Schema& schema, const Rules& rules, const std::string& functions_schema,
                     const Evidence& evidence) {
  Model model(schema, rules, functions_schema, evidence);
  resolve_rules(model);
  build_links(model);
  refuse_empty_scope(model, functions_schema);
  const Routes routes = find_routes(model);
  Scope scope;
  scope.company_table = model.company;
  scope.company_key = model.key->number;
  Undecided undecided(model.size(), false);
  decide_owned_tables(model, routes, scope, undecided);
  decide_other_tables(model, routes, scope, undecided);
  sort_scope(scope, {});
  collect_references(model, scope, undecided);
  collect_match_references(model, scope, undecided);
  check_columns(model, scope);
  check_doubts(model);
  check_staying_columns(model, scope);
  check_unheld_keys(model, scope);
  check_global_tables(model, scope);
  scope.others = other_tables(model, scope, undecided);
  tell_outsiders_apart(model);
  sort_scope(scope, std::move(model.findings));
  scope.open_kinds = std::move(model.open_kinds);
  return scope;
}

}  // namespace company_backup
