#include "pg/sql/path_rule.hpp"

#include <algorithm>

#include "core/scope/path_rules.hpp"
#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/spi.hpp"
#include "pg/scope/readable_column.hpp"
#include "pg/sql/stored_rules.hpp"

namespace company_backup {
namespace {

constexpr long kPathsLookedAt = 1000;

[[noreturn]] void refuse_path(const std::string& column, const Table& table, const std::string& why,
                              const std::string& hint) {
  throw Error(sqlstate::kBadRule, "column \"" + column + "\" of table " +
                                      quoted_display(display_table(table)) + " cannot be a path")
      .detail(sentence(why))
      .hint(hint);
}

std::string say_data(const Table& table, const std::string& column) {
  return "SELECT set_column_rule(" + quote_literal(display_table(table)) + ", " +
         quote_literal(column) + ", 'data').";
}

// Numbers of a fixed width say where a row stands among others, and are nobody's IDs.
void refuse_positions(Oid oid, const Table& table, const Column& column) {
  if (table.foreign || !may_read_column(oid, column.name)) return;
  const std::string value = column_sql("t", column);
  const std::string text = as_text(value, column);
  for (const Row& row :
       query("SELECT pg_catalog.left(" + text + ", 1000) FROM " + from_table(table) +
             " AS t WHERE " + value + " IS NOT NULL LIMIT " + std::to_string(kPathsLookedAt))) {
    for (const PathElement& element : read_path(PathIds::kIntegers, *row[0])) {
      if (!is_padded_number(element.id)) continue;
      refuse_path(column.name, table,
                  "it holds " + element.id.substr(0, 100) +
                      ", a number that is padded with zeros: no key is written so",
                  "If its values say where a row stands among others, they are data: " +
                      say_data(table, column.name));
    }
  }
}

bool is_scope_column_name(const Rules& rules, const std::string& column) {
  const auto& names = rules.settings.scope_columns;
  return std::find(names.begin(), names.end(), column) != names.end();
}

bool finds_rows_again(const Rules& rules, const Table& table, const std::string& column) {
  const TableRule* rule = table_rule(rules, table);
  if (rule == nullptr) return false;
  const auto& match = rule->match_columns;
  return std::find(match.begin(), match.end(), column) != match.end();
}

// The key that the IDs are of; null: of the rule's target there is none of one column.
const Column* key_meant(const Schema& schema, const ReferenceRule& rule) {
  const TableIndex target = schema.find(rule.target_schema, rule.target_table);
  if (target == kNoTable) return nullptr;
  const std::vector<int16_t> key = target_columns(schema.tables[target], rule);
  return key.size() == 1 ? &column_of(schema.tables[target], key[0]) : nullptr;
}

}  // namespace

void require_path(Oid oid, const NamedTable& named, const std::string& name) {
  AllTables all;
  const TableIndex index = all.schema.find(named.schema, named.name);
  if (index == kNoTable) return;
  apply_to_tables(all.schema, all.rules);
  const Table& table = all.schema.tables[index];
  const Column& column = *find_column(table, name);
  std::string why = why_no_path(all.schema, index, column);
  if (why.empty() && is_scope_column_name(all.rules, name))
    why = "it is a scope column, which holds the company's key";
  if (why.empty() && finds_rows_again(all.rules, table, name))
    why = "its rows are found again by it, and in another database its IDs are others";
  bool is_own = true;
  std::optional<PathIds> ids;
  for (const ReferenceRule& rule : all.rules.references) {
    if (rule.schema != table.schema || rule.table != table.name) continue;
    if (std::find(rule.columns.begin(), rule.columns.end(), name) == rule.columns.end()) continue;
    const Column* key = key_meant(all.schema, rule);
    if (why.empty()) why = why_no_path(rule, key);
    if (key != nullptr) ids = path_ids(*key);
    is_own = false;
  }
  if (!why.empty()) refuse_path(name, table, why, "If it holds no IDs: " + say_data(table, name));
  if (is_own) {
    const Column* key = own_path_key(table);
    if (key == nullptr) {
      refuse_path(name, table,
                  "its table has no key of one column that is an integer, a UUID or a text",
                  "Say first of which table the IDs are: SELECT set_reference(" +
                      quote_literal(display_table(table)) + ", " + name_array({name}) + ", ...).");
    }
    ids = path_ids(*key);
  }
  if (ids == PathIds::kIntegers) refuse_positions(oid, table, column);
}

void require_path_reference(const ReferenceRule& rule) {
  AllTables all;
  const TableIndex index = all.schema.find(rule.schema, rule.table);
  if (index == kNoTable) return;
  apply_to_tables(all.schema, all.rules);
  const Table& table = all.schema.tables[index];
  for (const std::string& name : rule.columns) {
    if (column_treatment(all.rules, table, name) != ColumnTreatment::kPath) continue;
    const std::string why = why_no_path(rule, key_meant(all.schema, rule));
    if (why.empty()) continue;
    refuse_path(name, table, why,
                "Take back what its rule says: SELECT set_column_rule(" +
                    quote_literal(display_table(table)) + ", " + quote_literal(name) +
                    ", 'auto').");
  }
}

}  // namespace company_backup
