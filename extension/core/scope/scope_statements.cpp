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

std::string regclass(const Table& table) {
  return quote_literal(display_table(table));
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
    case TypeFamily::kOther:
      break;
  }
  if (column.is_bytea()) return "uuid_send(gen_random_uuid())";
  if (column.type == "boolean") return "false";
  if (column.type.starts_with("timestamp") || column.type == "date") return "now()";
  if (column.type.starts_with("numeric") || column.type == "double precision") return "0";
  return "'...'::" + column.type;
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

std::string Statements::table_rule(const Table& table, const TableRule& rule) const {
  std::string arguments = regclass(table) + ", " + quote_literal(to_text(rule.treatment));
  if (!rule.reason.empty()) arguments += ", " + quote_literal(rule.reason);
  add_text(arguments, "area", rule.area);
  add_names(arguments, "match_columns", rule.match_columns);
  add_names(arguments, "route", rule.route);
  return call("set_table_rule", arguments);
}

std::string Statements::column_rule(const Table& table, const std::string& column,
                                    ColumnTreatment treatment) const {
  return call("set_column_rule", regclass(table) + ", " + quote_literal(column) + ", " +
                                     quote_literal(to_text(treatment)));
}

std::string Statements::no_table_rule(const Table& table) const {
  return call("set_table_rule", regclass(table) + ", 'auto'");
}

std::string Statements::no_column_rule(const Table& table, const std::string& column) const {
  return call("set_column_rule", regclass(table) + ", " + quote_literal(column) + ", 'auto'");
}

std::string Statements::value_for(const Table& table, const Column& column,
                                  std::optional<ColumnTreatment> treatment) const {
  const std::string value = proposed_value(column);
  if (!treatment || treatment == ColumnTreatment::kData || treatment == ColumnTreatment::kCounter) {
    return "ALTER TABLE " + display_table(table) + " ALTER COLUMN " + display_name(column.name) +
           " SET DEFAULT " + value + ";";
  }
  return call("set_column_rule", regclass(table) + ", " + quote_literal(column.name) + ", " +
                                     quote_literal(to_text(*treatment)) + ", replacement => " +
                                     quote_literal(value));
}

std::string Statements::reference(const Table& table, const std::vector<std::string>& columns,
                                  const Table& target,
                                  const std::vector<std::string>& target_columns) const {
  std::string arguments = regclass(table) + ", " + name_array(columns) + ", " + regclass(target);
  add_names(arguments, "target_columns", target_columns);
  return call("set_reference", arguments);
}

std::string Statements::reference_of_kind(const Table& table, const std::string& column,
                                          const Table& target, const std::string& json_path,
                                          const std::string& when_column,
                                          const std::string& when_value) const {
  std::string arguments = regclass(table) + ", " + name_array({column}) + ", " + regclass(target);
  add_text(arguments, "json_path", json_path);
  add_kind(arguments, when_column, when_value);
  return call("set_reference", arguments);
}

std::string Statements::without_excluded(const Table& table, const Table& target,
                                         const Reference& reference) const {
  std::vector<std::string> columns, target_columns;
  for (int16_t number : reference.columns) columns.push_back(column_of(table, number).name);
  for (int16_t number : reference.target_columns) {
    target_columns.push_back(column_of(target, number).name);
  }
  std::string arguments = regclass(table) + ", " + name_array(columns) + ", " + regclass(target);
  add_names(arguments, "target_columns", target_columns);
  add_text(arguments, "json_path", reference.json_path);
  add_kind(arguments, reference.when_column, reference.when_value);
  return call("set_reference", arguments + ", outside => 'null'");
}

std::string Statements::no_reference(const Table& table, const ReferenceRule& rule) const {
  std::string arguments = regclass(table) + ", " + name_array(rule.columns) + ", NULL";
  if (!rule.json_path.empty()) arguments += ", json_path => " + quote_literal(rule.json_path);
  add_kind(arguments, rule.when_column, rule.when_value);
  return call("set_reference", arguments);
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

std::string Statements::membership(const Table& table, const std::string& person_column) const {
  return call("set_membership", regclass(table) + ", " + quote_literal(person_column));
}

std::string Statements::forget_stale_rules() const {
  return call("forget_stale_rules", "");
}

}  // namespace company_backup
