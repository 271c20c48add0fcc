#include "core/scope/scope_statements.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/scope/sql.hpp"
#include "core/text/ascii.hpp"

namespace company_backup {
namespace {

std::string array_element(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '_';
  });
  if (plain && name != "null") return name;
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string regclass(const std::string& schema, const std::string& table) {
  if (table.empty()) return "NULL";
  return quote_literal(display_name(schema) + "." + display_name(table));
}

std::string regclass(const Table& table) {
  return regclass(table.schema, table.name);
}

void add_text(std::string& arguments, const char* name, const std::string& value) {
  if (!value.empty()) arguments += std::string(", ") + name + " => " + quote_literal(value);
}

void add_kind(std::string& arguments, const std::string& column, const std::string& value) {
  if (column.empty()) return;
  arguments +=
      ", when_column => " + quote_literal(column) + ", when_value => " + quote_literal(value);
}

void add_names(std::string& arguments, const char* name, const std::vector<std::string>& values) {
  if (!values.empty()) arguments += std::string(", ") + name + " => " + name_array(values);
}

// What removes a reference rule, after its table.
std::string without_target(const ReferenceRule& rule) {
  std::string arguments = name_array(rule.columns) + ", NULL";
  add_text(arguments, "json_path", rule.json_path);
  add_kind(arguments, rule.when_column, rule.when_value);
  return arguments;
}

// "character varying(20)": 20; 0: no limit.
size_t length_limit(const std::string& type) {
  const size_t open = type.find('(');
  return open == std::string::npos ? 0 : std::strtoul(type.c_str() + open + 1, nullptr, 10);
}

std::string random_text(const std::string& type) {
  constexpr size_t kUuidLength = 36;
  const std::string uuid = "gen_random_uuid()::text";
  const size_t limit = length_limit(type);
  if (limit == 0 || limit >= kUuidLength) return uuid;
  return "left(" + uuid + ", " + std::to_string(limit) + ")";
}

// An expression that gives a value nobody knows, where the type has room for it.
std::string proposed_value(const Column& column) {
  switch (column.family) {
    case TypeFamily::kInteger:
      return "(random() * 32767)::integer";
    case TypeFamily::kUuid:
      return "gen_random_uuid()";
    case TypeFamily::kText:
      return random_text(column.type);
    case TypeFamily::kIntegerArray:
    case TypeFamily::kUuidArray:
    case TypeFamily::kTextArray:
    case TypeFamily::kJson:
      return "'{}'";
    case TypeFamily::kNumeric:
    case TypeFamily::kOther:
      break;
  }
  if (column.is_bytea()) return "uuid_send(gen_random_uuid())";
  if (column.type == "boolean") return "false";
  if (column.type.starts_with("timestamp") || column.type == "date") return "now()";
  if (column.type.starts_with("numeric") || column.type == "double precision") return "0";
  return "'...'::" + column.type;
}

// A value that nobody would take for one that was there.
std::string proposed_constant(const Column& column) {
  switch (column.family) {
    case TypeFamily::kInteger:
    case TypeFamily::kNumeric:
      return "0";
    case TypeFamily::kUuid:
      return "'00000000-0000-0000-0000-000000000000'";
    case TypeFamily::kText:
      return "''";
    case TypeFamily::kIntegerArray:
    case TypeFamily::kUuidArray:
    case TypeFamily::kTextArray:
    case TypeFamily::kJson:
      return "'{}'";
    case TypeFamily::kOther:
      break;
  }
  if (column.type == "boolean") return "false";
  if (column.type == "date" || column.type.starts_with("timestamp")) return "'epoch'";
  return "'...'";
}

}  // namespace

TableRule proposed_rule(TableTreatment treatment, std::string reason,
                        std::vector<std::string> route) {
  TableRule rule;
  rule.treatment = treatment;
  rule.reason = std::move(reason);
  rule.route = std::move(route);
  return rule;
}

std::string name_array(const std::vector<std::string>& names) {
  std::string text = "{";
  for (const std::string& name : names) {
    if (text.size() > 1) text += ',';
    text += array_element(name);
  }
  return quote_literal(text + "}");
}

std::string Statements::call(const std::string& function, const std::string& arguments) const {
  return "SELECT " + schema_ + "." + function + "(" + arguments + ");";
}

Statement Statements::table_rule(const Table& table, const TableRule& rule) const {
  std::string arguments = regclass(table) + ", " + quote_literal(to_text(rule.treatment));
  if (!rule.reason.empty()) arguments += ", " + quote_literal(rule.reason);
  add_text(arguments, "area", rule.area);
  add_names(arguments, "match_columns", rule.match_columns);
  add_names(arguments, "route", rule.route);
  TableRule named = rule;
  named.schema = table.schema;
  named.table = table.name;
  return {call("set_table_rule", arguments), std::move(named)};
}

Statement Statements::column_rule(const Table& table, const std::string& column,
                                  ColumnTreatment treatment, bool on_evidence) const {
  return {call("set_column_rule", regclass(table) + ", " + quote_literal(column) + ", " +
                                      quote_literal(to_text(treatment)) +
                                      (on_evidence ? ", evidence => true" : "")),
          ColumnRule{.schema = table.schema,
                     .table = table.name,
                     .column = column,
                     .treatment = treatment,
                     .on_evidence = on_evidence}};
}

Statement Statements::column_rules(const Table* table, const std::vector<std::string>& columns,
                                   const ColumnRule& rule) const {
  std::string arguments =
      (table == nullptr ? "NULL" : regclass(*table)) + ", " +
      // Without its type a literal would be one name.
      (columns.size() == 1 ? quote_literal(columns[0]) : name_array(columns) + "::name[]") + ", " +
      quote_literal(to_text(rule.treatment));
  add_text(arguments, "replacement", rule.replacement);
  if (rule.on_evidence) arguments += ", evidence => true";
  return {call("set_column_rule", arguments)};
}

std::string Statements::no_table_rule(const Table& table) const {
  return call("set_table_rule", regclass(table) + ", 'auto'");
}

std::string Statements::no_column_rule(const Table& table, const std::string& column) const {
  return call("set_column_rule", regclass(table) + ", " + quote_literal(column) + ", 'auto'");
}

Statement Statements::value_for(const Table& table, const Column& column,
                                std::optional<ColumnTreatment> treatment) const {
  const bool is_data =
      !treatment || treatment == ColumnTreatment::kData || treatment == ColumnTreatment::kCounter;
  if (is_data) return default_for(table, column);
  const ColumnRule rule{table.schema, table.name, column.name, *treatment, proposed_value(column)};
  return {column_rules(&table, {column.name}, rule).text, rule};
}

Statement Statements::default_for(const Table& table, const Column& column) const {
  return {call("set_column_default", regclass(table) + ", " + quote_literal(column.name) + ", " +
                                         quote_literal(proposed_constant(column)))};
}

Statement Statements::reference(const Table& table, const std::vector<std::string>& columns,
                                const Table& target,
                                const std::vector<std::string>& target_columns) const {
  return reference(ReferenceRule{.schema = table.schema,
                                 .table = table.name,
                                 .columns = columns,
                                 .target_schema = target.schema,
                                 .target_table = target.name,
                                 .target_columns = target_columns});
}

Statement Statements::reference(const ReferenceRule& rule) const {
  std::string arguments = regclass(rule.schema, rule.table) + ", " + name_array(rule.columns) +
                          ", " + regclass(rule.target_schema, rule.target_table);
  add_names(arguments, "target_columns", rule.target_columns);
  add_text(arguments, "json_path", rule.json_path);
  add_kind(arguments, rule.when_column, rule.when_value);
  if (rule.outside != OutsidePolicy::kRefuse) add_text(arguments, "outside", to_text(rule.outside));
  if (!rule.path) return {call("set_reference", arguments), rule};
  const std::string column =
      regclass(rule.schema, rule.table) + ", " + quote_literal(rule.columns[0]) + ", 'path'";
  return {"SELECT " + schema_ + ".set_reference(" + arguments + "), " + schema_ +
              ".set_column_rule(" + column + ");",
          rule};
}

Statement Statements::without_excluded(const Table& table, const Table& target,
                                       const Reference& reference) const {
  return this->reference(
      ReferenceRule{.schema = table.schema,
                    .table = table.name,
                    .columns = column_names(table, reference.columns),
                    .target_schema = target.schema,
                    .target_table = target.name,
                    .target_columns = column_names(target, reference.target_columns),
                    .json_path = reference.json_path,
                    .when_column = reference.when_column,
                    .when_value = reference.when_value,
                    .outside = OutsidePolicy::kNull});
}

std::string Statements::no_reference(const Table& table, const ReferenceRule& rule) const {
  return call("set_reference", regclass(table) + ", " + without_target(rule));
}

std::string Statements::no_rule_for_all(const ColumnRule& rule) const {
  return call("set_column_rule", "NULL, " + quote_literal(rule.column) + ", 'auto'");
}

std::string Statements::no_rule_for_all(const ReferenceRule& rule) const {
  return call("set_reference", "NULL, " + without_target(rule));
}

std::string name_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + display_name(name);
  return list;
}

std::string Statements::company_table(const Table& table, const Settings& settings) const {
  std::string arguments = regclass(table);
  add_text(arguments, "key_column", settings.key_column);
  add_text(arguments, "name_column", settings.name_column);
  add_text(arguments, "owner_column", settings.owner_column);
  if (settings.identity_columns)
    arguments += ", identity_columns => " + name_array(*settings.identity_columns);
  add_names(arguments, "scope_columns", settings.scope_columns);
  if (!settings.search_path.empty()) {
    arguments += ", search_path => " + quote_literal(name_list(settings.search_path));
  }
  return call("set_company_table", arguments);
}

Statement Statements::membership(const Table& table, const std::string& person_column) const {
  return {call("set_membership", regclass(table) + ", " + quote_literal(person_column)),
          Membership{table.schema, table.name, person_column}};
}

std::string Statements::forget_stale_rules() const {
  return call("forget_stale_rules", "");
}

}  // namespace company_backup
