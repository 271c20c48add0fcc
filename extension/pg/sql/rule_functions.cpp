// Set-up functions: the rules of tables, columns and references, stored by name.
#include <algorithm>

#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"
#include "core/scope/treatment.hpp"
#include "core/text/json_path.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/server_text.hpp"
#include "pg/base/spi.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/replacement.hpp"
#include "pg/scope/catalog.hpp"
#include "pg/scope/guard.hpp"
#include "pg/scope/rules.hpp"
#include "pg/scope/unused_path.hpp"
#include "pg/sql/named_table.hpp"

namespace company_backup {
namespace {

// A treatment; "auto": none, which removes the rule.
template <class Treatment>
std::optional<Treatment> treatment_argument(FunctionCallInfo fcinfo, int index, const char* what) {
  const std::string value = required_text(fcinfo, index, "treatment");
  if (value == "auto") return std::nullopt;
  const std::optional<Treatment> treatment = parse_word<Treatment>(value);
  if (treatment) return treatment;
  std::vector<std::string> possible = texts_of(all_words<Treatment>());
  possible.push_back("auto");
  refuse_word(what, value, possible);
}

bool takes_replacement(ColumnTreatment treatment) {
  switch (treatment) {
    case ColumnTreatment::kSecret:
    case ColumnTreatment::kIdentity:
    case ColumnTreatment::kFile:
    case ColumnTreatment::kRenew:
      return true;
    case ColumnTreatment::kData:
    case ColumnTreatment::kCounter:
    case ColumnTreatment::kGroup:
      break;
  }
  return false;
}

void require_takes_replacement(std::optional<ColumnTreatment> treatment) {
  if (treatment && takes_replacement(*treatment)) return;
  std::vector<ColumnTreatment> possible = all_words<ColumnTreatment>();
  std::erase_if(possible, [](ColumnTreatment other) { return !takes_replacement(other); });
  refuse_word("treatment of a column with a replacement", treatment ? to_text(*treatment) : "auto",
              texts_of(possible));
}

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

// Only the owner of a table may set what runs as its owner.
void require_table_owner(Oid table, const NamedTable& named) {
  if (one_value(query("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = $1",
                      {Arg::datum(OIDOID, ObjectIdGetDatum(table))})) == "t") {
    return;
  }
  throw Error(sqlstate::kInsufficientPrivilege, "must be owner of table \"" +
                                                    display_name(named.schema) + "." +
                                                    display_name(named.name) + "\"")
      .detail("A replacement is evaluated as the owner of its table.");
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

void store_column_rule(const NamedTable& table, const std::string& column,
                       std::optional<ColumnTreatment> treatment, const Text& replacement) {
  own_query(
      "DELETE FROM company_backup.column_rule WHERE table_schema::text = $1 AND table_name::text = "
      "$2 "
      "AND column_name::text = $3",
      {table.schema, table.name, column}, Access::kWrite);
  if (!treatment) return;
  own_query(
      "INSERT INTO company_backup.column_rule (table_schema, table_name, column_name, treatment, "
      "replacement, replacement_by, replacement_role, said_in) SELECT $1::name, $2::name, "
      "$3::name, "
      "$4, $5, r.rolname, r.oid, i.identity FROM (VALUES ($5 IS NOT NULL)) v (has_one) LEFT JOIN "
      "pg_roles r ON has_one AND r.oid = $6 LEFT JOIN company_backup.database_identity i ON "
      "has_one",
      {table.schema, table.name, column, to_text(*treatment), replacement, caller_role()},
      Access::kWrite);
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

// The tables as they are, and the rules that there are.
struct AllTables {
  Rules rules = load_rules();
  Schema schema = load_schema(rules.settings);
};

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

bool has_column(Oid table, const std::string& column) {
  return !query(
              "SELECT FROM pg_attribute WHERE attrelid = $1 AND attname::text = $2 AND attnum > 0 "
              "AND NOT attisdropped",
              {Arg::datum(OIDOID, ObjectIdGetDatum(table)), column})
              .empty();
}

// A literal without a type is a name, also where it is written like an array. It is a list then,
// unless a column is called so.
std::vector<std::string> columns_meant(FunctionCallInfo fcinfo, const std::string& name) {
  if (!name.starts_with('{')) return {name};
  const bool is_name = PG_ARGISNULL(0) ? has_columns(AllTables().schema, {name})
                                       : has_column(PG_GETARG_OID(0), name);
  if (is_name) return {name};
  std::vector<std::string> columns = parse_text_array(name);
  if (!columns.empty()) return columns;
  throw Error("42703", "column \"" + name + "\" does not exist")
      .hint("A list of columns is an array: ARRAY['a', 'b'].");
}

std::string sentence(std::string text) {
  text[0] = static_cast<char>(pg_ascii_toupper(static_cast<unsigned char>(text[0])));
  return text + ".";
}

std::string display(const Schema& schema, TableIndex table) {
  return display_table(schema.tables[table]);
}

// One line for each key.
std::string told_keys(const Schema& schema, const std::vector<const ForeignKey*>& keys) {
  std::string text;
  for (size_t i = 0; i < keys.size() && i < kListedKeys; ++i) {
    text += (text.empty() ? "" : "\n") + std::string("Foreign key ") + display_name(keys[i]->name) +
            " of table " + display(schema, keys[i]->table) + " says that it refers to " +
            display(schema, keys[i]->target) + ".";
  }
  if (keys.size() > kListedKeys) {
    text += "\nSo do those of " + std::to_string(keys.size() - kListedKeys) + " more tables.";
  }
  return text;
}

void require_for_all(const AllTables& all, const ColumnRule& rule) {
  const std::string name = "\"" + rule.column + "\"";
  if (is_stale(all.schema, rule)) throw Error("42703", "no table has a column " + name);
  if (const auto other = said_otherwise(all.rules, rule)) {
    throw Error(sqlstate::kContradicts, "column " + name + " cannot be called " +
                                            to_text(rule.treatment) + " in all tables")
        .detail(sentence(*other))
        .hint("Take that back first, or name the tables that this rule is for.");
  }
  const auto keys = contradicting_keys(all.schema, all.rules, rule);
  if (keys.empty()) return;
  const ColumnTreatment own =
      gives_new_values(rule.treatment) ? ColumnTreatment::kData : rule.treatment;
  throw Error(sqlstate::kContradicts, "column " + name + " cannot be called " +
                                          to_text(rule.treatment) +
                                          " in all tables: foreign keys are on it")
      .detail(told_keys(all.schema, keys))
      .hint(
          "Name the tables that the rule is for. Or set a rule of its own for each of those with "
          "such a key first, which wins: SELECT set_column_rule(" +
          quote_literal(display(all.schema, keys[0]->table)) + ", " + quote_literal(rule.column) +
          ", " + quote_literal(to_text(own)) + ").");
}

std::string told_columns(const std::vector<std::string>& columns) {
  return (columns.size() == 1 ? "column " : "columns ") + name_list(columns);
}

// A table that is NULL may be one whose name was mistyped.
void tell_of_all(const std::vector<std::string>& columns, size_t tables) {
  notice("the rule for " + told_columns(columns) + " is for all tables, at present for " +
         (tables == 0 ? "none" : std::to_string(tables)));
}

// The columns of these names in all tables, also in those to come.
void set_for_all(const std::vector<std::string>& columns, std::optional<ColumnTreatment> treatment,
                 const Text& replacement) {
  if (replacement || treatment == ColumnTreatment::kRenew) {
    throw Error(sqlstate::kInvalidParameter, "a rule for all tables cannot have a replacement")
        .detail("A replacement is evaluated as the owner of its table, who has to set it.")
        .hint("Call set_column_rule() for each table that it is for.");
  }
  if (treatment) {
    const AllTables all;
    for (const std::string& column : columns) {
      require_for_all(all, {"", "", column, *treatment});
    }
  }
  for (const std::string& column : columns) {
    store_column_rule(NamedTable{}, column, treatment, std::nullopt);
    if (!treatment) notice("no rule for all tables is for " + told_columns({column}) + " any more");
  }
  if (!treatment) return;
  const AllTables all;
  for (const std::string& column : columns) {
    tell_of_all({column}, tables_of(all.schema, all.rules, {"", "", column, *treatment}));
  }
}

void set_for_one(Oid table, const std::vector<std::string>& columns,
                 std::optional<ColumnTreatment> treatment, const Text& replacement) {
  const NamedTable named = named_table(table);
  for (const std::string& column : columns) require_column(table, column);
  if (replacement) require_table_owner(table, named);
  for (const std::string& column : columns) {
    if (replacement && treatment == ColumnTreatment::kRenew) {
      require_renewal(table, column, *replacement);
    } else if (replacement) {
      require_replacement(table, column, *replacement);
    }
    store_column_rule(named, column, treatment, replacement);
  }
}

void set_column_rules(FunctionCallInfo fcinfo, const std::vector<std::string>& columns) {
  if (columns.empty()) throw Error(sqlstate::kInvalidParameter, "columns must not be empty");
  const auto treatment = treatment_argument<ColumnTreatment>(fcinfo, 2, "treatment of a column");
  const Text replacement = optional_text(fcinfo, 3);
  if (PG_ARGISNULL(0)) {
    set_for_all(columns, treatment, replacement);
    return;
  }
  if (treatment == ColumnTreatment::kRenew && !replacement) {
    throw Error(sqlstate::kInvalidParameter, "a column that is renewed needs a replacement")
        .hint(
            "SELECT set_column_rule(..., 'renew', replacement => $$old || '-' || new_company$$).");
  }
  if (replacement) require_takes_replacement(treatment);
  set_for_one(PG_GETARG_OID(0), columns, treatment, replacement);
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
size_t require_for_all(const ReferenceRule& rule) {
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

// However its path is spelt.
void remove_reference(const ReferenceRule& rule) {
  const std::string columns = text_array(rule.columns);
  const Rows stored = own_query(
      "SELECT json_path FROM company_backup.reference_rule WHERE table_schema::text = $1 AND "
      "table_name::text = $2 AND columns = $3::name[] AND when_column::text = $4 AND when_value = "
      "$5",
      {rule.schema, rule.table, columns, rule.when_column, rule.when_value}, Access::kWrite);
  for (const Row& row : stored) {
    if (one_spelling(*row[0]) != rule.json_path) continue;
    own_query(
        "DELETE FROM company_backup.reference_rule WHERE table_schema::text = $1 AND "
        "table_name::text = $2 AND columns = $3::name[] AND json_path = $4 AND when_column::text "
        "= $5 AND when_value = $6",
        {rule.schema, rule.table, columns, *row[0], rule.when_column, rule.when_value},
        Access::kWrite);
  }
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

void store_reference(const ReferenceRule& rule) {
  own_query(
      "INSERT INTO company_backup.reference_rule (table_schema, table_name, columns, "
      "target_schema, target_table, target_columns, json_path, when_column, when_value, outside) "
      "VALUES ($1::name, $2::name, $3::name[], $4::name, $5::name, $6::name[], $7, $8::name, $9, "
      "$10)",
      {rule.schema, rule.table, text_array(rule.columns), rule.target_schema, rule.target_table,
       text_array(rule.target_columns), rule.json_path, rule.when_column, rule.when_value,
       to_text(rule.outside)},
      Access::kWrite);
}

// Rules for all tables whose columns, or the table that they refer to, are gone.
int64_t forget_for_all() {
  const AllTables all;
  int64_t forgotten = 0;
  for (const ColumnRule& rule : all.rules.columns) {
    if (!is_for_all(rule) || !is_stale(all.schema, rule)) continue;
    store_column_rule(NamedTable{}, rule.column, std::nullopt, std::nullopt);
    ++forgotten;
  }
  for (const ReferenceRule& rule : all.rules.references) {
    if (!is_for_all(rule) || !is_stale(all.schema, rule)) continue;
    remove_reference(rule);
    ++forgotten;
  }
  return forgotten;
}

}  // namespace

COMPANY_BACKUP_FUNCTION(set_table_rule) {
  require_database_owner("set_table_rule");
  const Oid table = required_oid(fcinfo, 0, "target");
  const auto treatment = treatment_argument<TableTreatment>(fcinfo, 1, "treatment of a table");
  const auto match = optional_names(fcinfo, 4).value_or(std::vector<std::string>{});
  const auto route = optional_names(fcinfo, 5).value_or(std::vector<std::string>{});
  const NamedTable named = named_table(table);
  for (const std::string& column : match) require_column(table, column);
  own_query(
      "DELETE FROM company_backup.table_rule WHERE table_schema::text = $1 AND table_name::text = "
      "$2",
      {named.schema, named.name}, Access::kWrite);
  if (!treatment) PG_RETURN_VOID();
  const Text reason = short_text(fcinfo, 2, "reason"), area = short_text(fcinfo, 3, "area");
  own_query(
      "INSERT INTO company_backup.table_rule (table_schema, table_name, treatment, reason, area, "
      "match_columns, route) VALUES ($1::name, $2::name, $3, $4, $5, $6::name[], $7::name[])",
      {named.schema, named.name, to_text(*treatment), reason, area, text_array(match),
       text_array(route)},
      Access::kWrite);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_column_rule) {
  require_database_owner("set_column_rule");
  set_column_rules(fcinfo, columns_meant(fcinfo, required_text(fcinfo, 1, "target_column")));
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_column_rule_list) {
  require_database_owner("set_column_rule");
  set_column_rules(fcinfo, optional_names(fcinfo, 1).value_or(std::vector<std::string>{}));
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_reference) {
  require_database_owner("set_reference");
  const Oid source = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);  // null: all tables
  const bool removes = PG_ARGISNULL(2);
  ReferenceRule rule = reference_argument(fcinfo);
  if (!PG_ARGISNULL(0)) name_source(rule, source, removes);
  if (rule.when_column.empty() != PG_ARGISNULL(6)) {
    throw Error(sqlstate::kInvalidParameter, "when_column and when_value must be given together");
  }
  const JsonPath path = path_of_rule(rule.json_path);
  // However it is spelt, it is the same rule.
  if (!rule.json_path.empty()) rule.json_path = server_text(path.text());
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
  if (target == source && is_group_of_its_own(rule, target)) {
    notice("column \"" + rule.columns[0] + "\" refers to itself: its values are numbers of groups");
    store_column_rule(NamedTable{rule.schema, rule.table}, rule.columns[0], ColumnTreatment::kGroup,
                      std::nullopt);
    PG_RETURN_VOID();
  }
  if (!rule.target_columns.empty()) require_key(target, to, rule.target_columns);
  if (is_for_all(rule)) tell_of_all(rule.columns, require_for_all(rule));
  store_reference(rule);
  if (!rule.json_path.empty() && !is_for_all(rule)) {
    tell_of_unused_path(source, rule.columns[0], path, rule.json_path);
  }
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(forget_stale_rules) {
  require_database_owner("forget_stale_rules");
  static constexpr const char* kDeletes[] = {
      "DELETE FROM company_backup.table_rule r WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = r.table_schema AND c.relname = "
      "r.table_name) RETURNING 1",
      "DELETE FROM company_backup.column_rule r WHERE r.table_name <> '' AND NOT EXISTS (SELECT "
      "FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE "
      "n.nspname = r.table_schema AND c.relname = r.table_name AND a.attname = r.column_name AND "
      "NOT "
      "a.attisdropped) RETURNING 1",
      "DELETE FROM company_backup.reference_rule r WHERE r.table_name <> '' AND (NOT EXISTS "
      "(SELECT FROM "
      "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = r.table_schema "
      "AND c.relname = r.table_name) OR NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON "
      "n.oid = "
      "c.relnamespace WHERE n.nspname = r.target_schema AND c.relname = r.target_table) OR EXISTS "
      "(SELECT FROM unnest(r.columns) wanted(name) WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE "
      "n.nspname = r.table_schema AND c.relname = r.table_name AND a.attname = wanted.name AND NOT "
      "a.attisdropped))) RETURNING 1"};
  int64_t forgotten = forget_for_all();
  for (const char* sql : kDeletes) {
    forgotten += static_cast<int64_t>(own_query(sql, {}, Access::kWrite).size());
  }
  PG_RETURN_INT64(forgotten);
}

}  // namespace company_backup
