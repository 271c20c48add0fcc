#include "pg/sql/global_rule.hpp"

#include <algorithm>
#include <optional>

#include "core/scope/global_tables.hpp"
#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {
namespace {

// None while the set-up has not come so far.
std::optional<LiveScope> scope_so_far() {
  try {
    return load_live_scope();
  } catch (const Error& error) {
    const std::string state = error.sqlstate();
    if (state != sqlstate::kNotConfigured && state != sqlstate::kNoRoute &&
        state != sqlstate::kStaleRule)
      throw;
    return std::nullopt;
  }
}

std::string as_shared(const Table& table) {
  TableRule rule = proposed_rule(TableTreatment::kShared, "reference data");
  rule.match_columns = natural_key(table);
  return "What companies' rows refer to is shared: " +
         Statements(functions_schema()).table_rule(table, rule).text;
}

bool has_all(const Table& table, const std::vector<std::string>& columns) {
  return std::all_of(columns.begin(), columns.end(), [&](const std::string& column) {
    return find_column(table, column) != nullptr;
  });
}

}  // namespace

void require_no_names(const std::vector<std::string>& match_columns,
                      const std::vector<std::string>& route) {
  if (match_columns.empty() && route.empty()) return;
  throw Error(sqlstate::kInvalidParameter, std::string("a global table cannot have ") +
                                               (route.empty() ? "match_columns" : "a route"))
      .detail("Its rows belong to no company, and no row that travels refers to them.")
      .hint(
          "Leave it out, or choose another treatment: shared rows have match_columns, rows of a "
          "company a route.");
}

void require_not_referred_to(const NamedTable& table) {
  const std::optional<LiveScope> live = scope_so_far();
  if (!live) return;
  const TableIndex index = live->schema.find(table.schema, table.name);
  if (index == kNoTable) return;
  const auto references = references_to(live->scope, index);
  if (references.empty()) return;
  const Table& target = live->table(index);
  throw Error(sqlstate::kGlobalTable, "table " + quoted_display(display_table(target)) +
                                          " cannot be global: rows that travel refer to it")
      .detail("Table " + told_references(live->schema, references) + ".")
      .hint(as_shared(target));
}

void refuse_global_target(const ReferenceRule& rule) {
  if (own_query("SELECT FROM company_backup.table_rule WHERE table_schema::text = $1 AND "
                "table_name::text = $2 AND treatment = 'global'",
                {rule.target_schema, rule.target_table})
          .empty())
    return;
  const std::optional<LiveScope> live = scope_so_far();
  if (!live) return;
  const TableIndex target = live->schema.find(rule.target_schema, rule.target_table);
  if (target == kNoTable) return;
  for (const ScopedTable* scoped : live->travelling()) {
    const Table& table = live->table(scoped->table);
    const bool meant = is_for_all(rule) ? has_all(table, needed_columns(rule))
                                        : table.schema == rule.schema && table.name == rule.table;
    if (!meant) continue;
    const Table& global = live->table(target);
    throw Error(sqlstate::kGlobalTable,
                "table " + quoted_display(display_table(table)) + " cannot refer to table " +
                    quoted_display(display_table(global)) + ", which a rule calls global")
        .detail("A global table belongs to no company, and no row that travels refers to it.")
        .hint(as_shared(global));
  }
}

}  // namespace company_backup
