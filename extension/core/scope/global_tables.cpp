#include "core/scope/global_tables.hpp"

#include <algorithm>

#include "core/scope/scope_model.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

constexpr size_t kNamed = 5;  // tables

// What the finding about a table says, if there is one.
std::string problem_of(const Model& model, const Table& table) {
  const std::string name = display_table(table);
  for (const Finding& finding : model.findings) {
    if (finding.severity == Severity::kError && finding.object == name) return finding.problem;
  }
  return "it depends on tables that are";
}

OtherTable other_table(const Model& model, TableIndex index, bool undecided) {
  const Table& table = model.table(index);
  OtherTable other{.table = index, .area = table.schema};
  const TableRule* rule = model.rule[index];
  if (rule != nullptr && !rule->area.empty()) other.area = rule->area;
  if (model.ruled_global(index)) {
    other.decided_by = DecidedBy::kRule;
    other.reason = rule->reason;
  } else if (undecided) {
    other.decided_by = DecidedBy::kNothing;
    other.reason = "undecided: " + problem_of(model, table);
  } else if (table.of_extension) {
    other.reason = "it belongs to an extension, and nothing leads from it to a company";
  } else {
    other.reason = "nothing leads from it to a company, and no row of one refers to it";
  }
  return other;
}

}  // namespace

std::vector<const Reference*> references_to(const Scope& scope, TableIndex table) {
  std::vector<const Reference*> found;
  for (const Reference& reference : scope.references) {
    if (reference.target == table && reference.table != table) found.push_back(&reference);
  }
  return found;
}

std::string told_references(const Schema& schema, const std::vector<const Reference*>& references) {
  std::string text = display_table(schema.tables[references.at(0)->table]) + " refers to it by " +
                     display_name(references[0]->name);
  if (references.size() == 1) return text;
  return text + ", and so do " + std::to_string(references.size() - 1) +
         (references.size() == 2 ? " other reference" : " other references");
}

std::optional<Finding> told_global_tables(const Schema& schema, const Scope& scope) {
  size_t count = 0;
  std::string names;
  for (const OtherTable& other : scope.others) {
    const Table& table = schema.tables[other.table];
    if (other.decided_by != DecidedBy::kNoReference || table.of_extension) continue;
    if (count++ < kNamed) names += (names.empty() ? "" : ", ") + display_table(table);
  }
  if (count == 0) return std::nullopt;
  if (count > kNamed) names += " and " + std::to_string(count - kNamed) + " more";
  const std::string problem =
      count == 1 ? "1 table belongs to no company, as nothing leads from it to one and no row of "
                   "one refers to it: "
                 : std::to_string(count) +
                       " tables belong to no company, as nothing leads from them to one and no row "
                       "of one refers to them: ";
  return Finding{.severity = Severity::kNotice,
                 .object = display_table(schema.tables[scope.company_table]),
                 .problem = problem + names + "; company_scope() lists what is global",
                 .hint = ""};
}

void check_global_tables(Model& model, const Scope& scope) {
  for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index) {
    if (!model.ruled_global(index)) continue;
    const auto references = references_to(scope, index);
    if (references.empty()) continue;
    const Table& table = model.table(index);
    TableRule rule = *model.rule[index];
    rule.treatment = TableTreatment::kShared;
    rule.match_columns = natural_key(table);
    model.error(display_table(table),
                "its rule says global, but " + told_references(model.schema, references),
                model.statements.table_rule(table, rule));
  }
}

std::vector<OtherTable> other_tables(const Model& model, const Scope& scope,
                                     const Undecided& undecided) {
  std::vector<OtherTable> others;
  for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index) {
    if (scope.find(index) == nullptr) others.push_back(other_table(model, index, undecided[index]));
  }
  return others;
}

}  // namespace company_backup
