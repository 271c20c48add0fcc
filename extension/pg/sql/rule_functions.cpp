// Set-up functions: the rules of tables and columns.
#include <algorithm>

#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"
#include "core/scope/treatment.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/spi.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/replacement.hpp"
#include "pg/rows/row_check.hpp"
#include "pg/scope/guard.hpp"
#include "pg/sql/global_rule.hpp"
#include "pg/sql/path_rule.hpp"
#include "pg/sql/stored_rules.hpp"

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
    case ColumnTreatment::kPath:
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

void require_local(Oid table, const NamedTable& named) {
  const Rows foreign = query("SELECT FROM pg_class WHERE oid = $1 AND relkind = 'f'",
                             {Arg::datum(OIDOID, ObjectIdGetDatum(table))});
  if (foreign.empty()) return;
  throw Error(sqlstate::kBadRule, "rows of foreign table \"" + named.name + "\" are not checked")
      .detail("Their own server takes or refuses them.");
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
  const ColumnTreatment own = beside_key(rule.treatment);
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

// The columns of these names in all tables, also in those to come.
void set_for_all(const std::vector<std::string>& columns, std::optional<ColumnTreatment> treatment,
                 const Text& replacement, bool on_evidence) {
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
    store_column_rule(NamedTable{}, column, treatment, std::nullopt, on_evidence);
    if (!treatment) notice("no rule for all tables is for " + told_columns({column}) + " any more");
  }
  if (!treatment) return;
  const AllTables all;
  for (const std::string& column : columns) {
    tell_of_all({column}, tables_of(all.schema, all.rules, {"", "", column, *treatment}));
  }
}

void set_for_one(Oid table, const std::vector<std::string>& columns,
                 std::optional<ColumnTreatment> treatment, const Text& replacement,
                 bool on_evidence) {
  const NamedTable named = named_table(table);
  for (const std::string& column : columns) require_column(table, column);
  if (replacement) require_table_owner(table, named);
  for (const std::string& column : columns) {
    if (treatment == ColumnTreatment::kPath) require_path(table, named, column);
    if (replacement && treatment == ColumnTreatment::kRenew) {
      require_renewal(table, column, *replacement);
    } else if (replacement) {
      require_replacement(table, column, *replacement);
    }
    store_column_rule(named, column, treatment, replacement, on_evidence);
  }
}

void set_column_rules(FunctionCallInfo fcinfo, const std::vector<std::string>& columns) {
  if (columns.empty()) throw Error(sqlstate::kInvalidParameter, "columns must not be empty");
  const auto treatment = treatment_argument<ColumnTreatment>(fcinfo, 2, "treatment of a column");
  const Text replacement = optional_text(fcinfo, 3);
  const bool on_evidence = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4);
  if (on_evidence && treatment != ColumnTreatment::kData) {
    throw Error(sqlstate::kInvalidParameter, "only a column that is data can be so on evidence")
        .detail("Evidence says that no value of a column is the key of anything.");
  }
  if (PG_ARGISNULL(0)) {
    set_for_all(columns, treatment, replacement, on_evidence);
    return;
  }
  if (treatment == ColumnTreatment::kRenew && !replacement) {
    throw Error(sqlstate::kInvalidParameter, "a column that is renewed needs a replacement")
        .hint(
            "SELECT set_column_rule(..., 'renew', replacement => $$old || '-' || new_company$$).");
  }
  if (replacement) require_takes_replacement(treatment);
  set_for_one(PG_GETARG_OID(0), columns, treatment, replacement, on_evidence);
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
  if (treatment == TableTreatment::kGlobal) {
    require_no_names(match, route);
    require_not_referred_to(named);
  }
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
      "a.attisdropped))) RETURNING 1",
      "DELETE FROM company_backup.table_rename r WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = r.table_schema AND c.relname = "
      "r.table_name) RETURNING 1",
      "DELETE FROM company_backup.column_rename r WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE "
      "n.nspname = r.table_schema AND c.relname = r.table_name AND a.attname = r.column_name AND "
      "NOT a.attisdropped) RETURNING 1",
      "DELETE FROM company_backup.column_default r WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE "
      "n.nspname = r.table_schema AND c.relname = r.table_name AND a.attname = r.column_name AND "
      "NOT a.attisdropped) RETURNING 1",
      "DELETE FROM company_backup.row_check r WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = r.table_schema AND c.relname = "
      "r.table_name) RETURNING 1",
      "DELETE FROM company_backup.table_retention r WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = r.table_schema AND c.relname = "
      "r.table_name) RETURNING 1"};
  int64_t forgotten = forget_for_all();
  for (const char* sql : kDeletes) {
    forgotten += static_cast<int64_t>(own_query(sql, {}, Access::kWrite).size());
  }
  PG_RETURN_INT64(forgotten);
}

COMPANY_BACKUP_FUNCTION(set_row_check) {
  require_database_owner("set_row_check");
  const Oid table = required_oid(fcinfo, 0, "target");
  const Text condition = optional_text(fcinfo, 1);
  const NamedTable named = named_table(table);
  if (condition) {
    require_table_owner(table, named);
    require_local(table, named);
    require_row_check(table, *condition);
  }
  own_query(
      "DELETE FROM company_backup.row_check WHERE table_schema::text = $1 AND table_name::text = "
      "$2",
      {named.schema, named.name}, Access::kWrite);
  if (!condition) PG_RETURN_VOID();
  own_query(
      "INSERT INTO company_backup.row_check (table_schema, table_name, condition, set_by, "
      "set_role, said_in) SELECT $1::name, $2::name, $3, r.rolname, r.oid, i.identity FROM "
      "pg_roles r, company_backup.database_identity i WHERE r.oid = $4",
      {named.schema, named.name, condition, caller_role()}, Access::kWrite);
  PG_RETURN_VOID();
}

}  // namespace company_backup
