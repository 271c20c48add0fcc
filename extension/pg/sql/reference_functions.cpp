// Set-up functions: what columns without a foreign key refer to.
#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/text/json_path.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/arguments.hpp"
#include "pg/scope/guard.hpp"
#include "pg/scope/unused_path.hpp"
#include "pg/sql/global_rule.hpp"
#include "pg/sql/path_rule.hpp"
#include "pg/sql/stored_rules.hpp"

namespace company_backup {
namespace {

// A column that is in no backup cannot say what a backup's rows refer to.
void require_stored_kind(Oid table, const std::string& column) {
  const Rows generated = query(
      "SELECT FROM pg_attribute WHERE attrelid = $1 AND attname::text = $2 AND attgenerated <> ''",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table)), column});
  if (generated.empty()) return;
  throw Error(sqlstate::kBadRule, "generated column \"" + column + "\" cannot be a when_column")
      .detail("A backup does not hold its values.")
      .hint("Name a plain column as when_column.");
}

std::string primary_key_columns(Oid table) {
  return one_row(query(
      "SELECT coalesce(array_agg(a.attname::text ORDER BY k.n), '{}')::text "
      "FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(num, n), pg_attribute a "
      "WHERE i.indrelid = $1 AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = "
      "k.num",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))}))[0]
      .value();
}

bool is_key(Oid target, const std::vector<std::string>& columns) {
  return !query(
              "SELECT FROM pg_index i WHERE i.indrelid = $1 AND i.indisunique AND i.indpred IS "
              "NULL "
              "AND i.indexprs IS NULL AND (SELECT array_agg(a.attname::text ORDER BY "
              "a.attname::text) FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) k JOIN "
              "pg_attribute a ON a.attrelid = $1 AND a.attnum = k) = (SELECT array_agg(c ORDER BY "
              "c) FROM unnest($2::text[]) c)",
              {Arg::datum(OIDOID, ObjectIdGetDatum(target)), text_array(columns)})
              .empty();
}

bool is_group(const NamedTable& named, const std::string& column) {
  AllTables all;
  const TableIndex table = all.schema.find(named.schema, named.name);
  if (table == kNoTable) return false;
  apply_to_tables(all.schema, all.rules);
  return column_treatment(all.rules, all.schema.tables[table], column) == ColumnTreatment::kGroup;
}

// A reference to a value that several rows may have would lead to all of them, and follow none.
void require_key(Oid target, const NamedTable& named, const std::vector<std::string>& columns) {
  if (is_key(target, columns)) return;
  if (columns.size() == 1 && is_group(named, columns[0])) return;
  std::string list;
  for (const std::string& column : columns) list += (list.empty() ? "" : ", ") + column;
  const std::string table = display_name(named.schema) + "." + display_name(named.name);
  throw Error(sqlstate::kBadRule, "(" + list + ") is not a key of table " + quoted_display(table))
      .detail("No unique index is on just these columns, so several rows can have the same value.")
      .hint(
          "Refer to a key. If the value is the number of a group of rows that is the key of no "
          "table, say so first: SELECT set_column_rule(" +
          quote_literal(table) + ", " + quote_literal(columns[0]) + ", 'group').");
}

// What set_reference() was given, but for its tables.
ReferenceRule reference_argument(FunctionCallInfo fcinfo) {
  ReferenceRule rule;
  rule.columns = optional_names(fcinfo, 1).value_or(std::vector<std::string>{});
  if (rule.columns.empty()) throw Error(sqlstate::kInvalidParameter, "columns must not be empty");
  rule.target_columns = optional_names(fcinfo, 3).value_or(std::vector<std::string>{});
  rule.json_path = optional_text(fcinfo, 4).value_or("");
  rule.when_column = optional_text(fcinfo, 5).value_or("");
  rule.when_value = optional_text(fcinfo, 6).value_or("");
  const std::string outside = required_text(fcinfo, 7, "outside");
  if (const auto policy = parse_word<OutsidePolicy>(outside)) {
    rule.outside = *policy;
    return rule;
  }
  refuse_word("policy for references to other companies", outside,
              texts_of(all_words<OutsidePolicy>()));
}

void name_source(ReferenceRule& rule, Oid source, bool removes) {
  const NamedTable from = named_table(source);
  rule.schema = from.schema;
  rule.table = from.name;
  for (const std::string& column : needed_columns(rule)) require_column(source, column);
  if (!rule.when_column.empty() && !removes) require_stored_kind(source, rule.when_column);
}

NamedTable name_target(ReferenceRule& rule, Oid target) {
  NamedTable to = named_table(target);
  rule.target_schema = to.schema;
  rule.target_table = to.name;
  for (const std::string& column : rule.target_columns) require_column(target, column);
  const size_t width = rule.target_columns.empty()
                           ? parse_text_array(primary_key_columns(target)).size()
                           : rule.target_columns.size();
  if (width == rule.columns.size()) return to;
  throw Error(sqlstate::kInvalidParameter, "columns and target_columns differ in number")
      .detail(std::to_string(rule.columns.size()) + " and " + std::to_string(width) +
              "; without target_columns, those of the target's primary key.");
}

// A column that refers to itself.
bool is_group_of_its_own(const ReferenceRule& rule, Oid target) {
  return rule.target_columns == rule.columns && rule.columns.size() == 1 &&
         rule.json_path.empty() && rule.when_column.empty() && !is_key(target, rule.columns);
}

// A table has all the columns, and for at least one of these tables it is said. Gives their number.
size_t tables_for_all(const ReferenceRule& rule) {
  const AllTables all;
  const std::vector<std::string> needed = needed_columns(rule);
  if (!has_columns(all.schema, needed)) {
    throw Error("42703", std::string("no table has the column") + (needed.size() > 1 ? "s " : " ") +
                             name_list(needed));
  }
  const std::string target =
      display_name(rule.target_schema) + "." + display_name(rule.target_table);
  const std::string message = "(" + name_list(rule.columns) + ") cannot refer to table " +
                              quoted_display(target) + " in all tables";
  if (const auto other = said_otherwise(all.rules, rule)) {
    throw Error(sqlstate::kContradicts, message)
        .detail(sentence(*other))
        .hint("Take that back first, or name the tables that this rule is for.");
  }
  if (const size_t tables = tables_of(all.schema, all.rules, rule); tables > 0) return tables;
  throw Error(sqlstate::kBadRule, message)
      .detail(
          "Wherever there are such columns, they have a foreign key or a rule of their own, or "
          "another type than the key of that table.")
      .hint("Such a rule is not needed there; or name the table that it is for.");
}

// They are the key of the rule, in an index.
void require_short(const ReferenceRule& rule) {
  constexpr size_t kLongest = 2300, kOfName = NAMEDATALEN;
  const size_t length =
      rule.columns.size() * kOfName + rule.json_path.size() + rule.when_value.size();
  if (length <= kLongest) return;
  throw Error(sqlstate::kInvalidParameter,
              "the columns, json_path and when_value of a reference are too long")
      .detail("Together they take " + std::to_string(length) +
              " bytes, of which each column takes " + std::to_string(kOfName) + "; no more than " +
              std::to_string(kLongest) + " are possible.")
      .hint("Set several references, each with a part of the condition.");
}

}  // namespace

COMPANY_BACKUP_FUNCTION(set_reference) {
  require_database_owner("set_reference");
  const Oid source = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);  // null: all tables
  const bool removes = PG_ARGISNULL(2);
  ReferenceRule rule = reference_argument(fcinfo);
  if (!PG_ARGISNULL(0)) name_source(rule, source, removes);
  if (rule.when_column.empty() != PG_ARGISNULL(6)) {
    throw Error(sqlstate::kInvalidParameter, "when_column and when_value must be given together");
  }
  const JsonPath path = JsonPath::parse(rule.json_path);
  // However it is spelt, it is the same rule.
  if (!rule.json_path.empty()) rule.json_path = path.text();
  if (!removes) require_short(rule);
  remove_reference(rule);
  if (removes) {
    if (is_for_all(rule)) {
      notice("no such rule for all tables is for " + told_columns(rule.columns) + " any more");
    }
    PG_RETURN_VOID();
  }
  const Oid target = PG_GETARG_OID(2);
  const NamedTable to = name_target(rule, target);
  if (!is_for_all(rule)) require_path_reference(rule);
  if (target == source && is_group_of_its_own(rule, target)) {
    notice("column \"" + rule.columns[0] + "\" refers to itself: its values are numbers of groups");
    store_column_rule(NamedTable{rule.schema, rule.table}, rule.columns[0], ColumnTreatment::kGroup,
                      std::nullopt);
    PG_RETURN_VOID();
  }
  if (!rule.target_columns.empty()) require_key(target, to, rule.target_columns);
  if (is_for_all(rule)) tell_of_all(rule.columns, tables_for_all(rule));
  refuse_global_target(rule);
  store_reference(rule);
  if (!rule.json_path.empty() && !is_for_all(rule)) {
    tell_of_unused_path(source, rule.columns[0], path, rule.json_path);
  }
  PG_RETURN_VOID();
}

}  // namespace company_backup
