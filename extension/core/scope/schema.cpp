#include "core/scope/schema.hpp"

#include <algorithm>
#include <tuple>

#include "core/text/error.hpp"

namespace company_backup {

TableIndex Schema::find(const std::string& schema, const std::string& name) const {
  const auto wanted = std::tie(schema, name);
  auto found = std::lower_bound(
      tables.begin(), tables.end(), wanted,
      [](const Table& table, const auto& key) { return std::tie(table.schema, table.name) < key; });
  if (found == tables.end() || found->schema != schema || found->name != name) return kNoTable;
  return static_cast<TableIndex>(found - tables.begin());
}

const Column* find_column(const Table& table, const std::string& name) {
  for (const Column& column : table.columns)
    if (column.name == name) return &column;
  return nullptr;
}

const Column& column_of(const Table& table, int16_t number) {
  for (const Column& column : table.columns)
    if (column.number == number) return column;
  throw Error(sqlstate::kInternal, "table " + table.schema + "." + table.name +
                                       " has no column with number " + std::to_string(number));
}

std::vector<const Column*> columns_of(const Table& table, const std::vector<int16_t>& numbers) {
  std::vector<const Column*> columns;
  for (const int16_t number : numbers) columns.push_back(&column_of(table, number));
  return columns;
}

std::vector<std::string> column_names(const Table& table, const std::vector<int16_t>& numbers) {
  std::vector<std::string> names;
  for (const int16_t number : numbers) names.push_back(column_of(table, number).name);
  return names;
}

bool is_array(const Column& column) {
  return column.family == TypeFamily::kIntegerArray || column.family == TypeFamily::kUuidArray ||
         column.family == TypeFamily::kTextArray;
}

TypeFamily element_family(TypeFamily family) {
  switch (family) {
    case TypeFamily::kIntegerArray:
      return TypeFamily::kInteger;
    case TypeFamily::kUuidArray:
      return TypeFamily::kUuid;
    case TypeFamily::kTextArray:
      return TypeFamily::kText;
    default:
      return family;
  }
}

bool is_number_family(TypeFamily family) {
  return family == TypeFamily::kInteger || family == TypeFamily::kNumeric;
}

bool same_values(TypeFamily column, TypeFamily key) {
  return column == key || (is_number_family(column) && is_number_family(key));
}

bool all_not_null(const Table& table, const std::vector<int16_t>& columns) {
  return std::all_of(columns.begin(), columns.end(),
                     [&](int16_t number) { return column_of(table, number).not_null; });
}

std::vector<int16_t> pick_key(const Table& table) {
  for (const UniqueIndex& index : table.unique_indexes)
    if (index.primary) return index.columns;
  for (const UniqueIndex& index : table.unique_indexes) {
    const bool plain =
        !index.partial && index.immediate &&
        std::find(index.columns.begin(), index.columns.end(), 0) == index.columns.end();
    if (plain && all_not_null(table, index.columns)) return index.columns;
  }
  return {};
}

const TableRule* table_rule(const Rules& rules, const Table& table) {
  for (const TableRule& rule : rules.tables)
    if (rule.table == table.name && rule.schema == table.schema) return &rule;
  return nullptr;
}

const ColumnRule* column_rule(const Rules& rules, const Table& table, const std::string& column) {
  for (const ColumnRule& rule : rules.columns) {
    if (rule.column == column && rule.table == table.name && rule.schema == table.schema) {
      return &rule;
    }
  }
  return nullptr;
}

std::optional<ColumnTreatment> column_treatment(const Rules& rules, const Table& table,
                                                const std::string& column) {
  const ColumnRule* rule = column_rule(rules, table, column);
  return rule == nullptr ? std::nullopt : std::optional(rule->treatment);
}

const std::string* declared_default(const Rules& rules, const Table& table, const Column& column) {
  for (const ColumnDefault& rule : rules.column_defaults) {
    if (rule.schema == table.schema && rule.table == table.name && rule.column == column.name) {
      return &rule.expression;
    }
  }
  return nullptr;
}

std::string row_check_of(const Rules& rules, const Table& table) {
  for (const RowCheck& rule : rules.row_checks)
    if (rule.schema == table.schema && rule.table == table.name) return rule.condition;
  return {};
}

bool is_file(const Rules& rules, const Table& table, const Column& column) {
  return column.is_bytea() && column_treatment(rules, table, column.name) == ColumnTreatment::kFile;
}

}  // namespace company_backup
