// Set-up functions: what the catalog cannot say, stored by name.
#include <algorithm>

#include "core/text/json_path.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/spi.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/replacement.hpp"
#include "pg/scope/catalog.hpp"
#include "pg/scope/company_triggers.hpp"
#include "pg/scope/guard.hpp"
#include "pg/scope/rules.hpp"
#include "pg/scope/unused_path.hpp"

extern "C" {
#include "utils/varlena.h"
}

namespace company_backup {
namespace {

struct NamedTable {
  std::string schema, name;
};

NamedTable named_table(Oid table) {
  const Rows rows = query(
      "SELECT n.nspname, c.relname, c.relkind, c.relispartition FROM pg_class c JOIN pg_namespace "
      "n "
      "ON n.oid = c.relnamespace WHERE c.oid = $1",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))});
  if (rows.empty()) throw Error(sqlstate::kBadRule, "the table does not exist");
  NamedTable named{*rows[0][0], *rows[0][1]};
  const std::string display = named.schema + "." + named.name;
  if (std::string("rpf").find(*rows[0][2]) == std::string::npos) {
    throw Error(sqlstate::kBadRule, "\"" + display + "\" is not a table")
        .hint("Rules are for tables, partitioned tables and foreign tables.");
  }
  if (*rows[0][3] == "t") {
    throw Error(sqlstate::kBadRule, "\"" + display + "\" is a partition")
        .hint("Give the rule to the partitioned table it belongs to.");
  }
  if (named.schema == "company_backup" || named.schema.starts_with("pg_")) {
    throw Error(sqlstate::kBadRule, "\"" + display + "\" is not a table of the application");
  }
  return named;
}

void require_column(Oid table, const std::string& column) {
  const Rows rows = query(
      "SELECT $1::regclass::text, EXISTS (SELECT FROM pg_attribute WHERE attrelid = $1 AND "
      "attname::text = $2 AND attnum > 0 AND NOT attisdropped)",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table)), column});
  if (*rows[0][1] != "t") {
    throw Error("42703", "column \"" + column + "\" of table " + quoted_display(*rows[0][0]) +
                             " does not exist");
  }
}

// What a backup has not says nothing of the backup's rows.
void require_stored_kind(Oid table, const std::string& column) {
  const Rows generated = query(
      "SELECT FROM pg_attribute WHERE attrelid = $1 AND attname::text = $2 AND attgenerated <> ''",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table)), column});
  if (generated.empty()) return;
  throw Error(sqlstate::kBadRule, "column \"" + column + "\" is generated and can be no kind")
      .detail("A backup does not have its values.")
      .hint("Name a plain column as when_column.");
}

void require_one_of(const std::string& what, const std::string& value,
                    const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  std::string list;
  for (const std::string& item : allowed) list += (list.empty() ? "" : ", ") + item;
  throw Error(sqlstate::kInvalidParameter, "invalid " + what + ": \"" + value + "\"")
      .hint("Possible values: " + list + ".");
}

// "app.guard" as schema and function, which must exist with these argument types.
struct NamedFunction {
  std::string schema, name;
};

NamedFunction named_function(const std::string& text, const std::string& arguments,
                             const std::string& result) {
  const Rows rows = query(
      "SELECT n.nspname, p.proname, p.prorettype::regtype::text, n.nspname LIKE 'pg\\_temp%' "
      "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
      "WHERE p.oid = to_regprocedure($1 || $2)",
      {text, "(" + arguments + ")"});
  if (rows.empty()) {
    throw Error(sqlstate::kBadRule, "function " + text + "(" + arguments + ") does not exist")
        .hint("Write it with its schema, as in 'app.my_function'; create the function first.");
  }
  if (*rows[0][3] == "t") {
    throw Error(sqlstate::kBadRule, "function " + text + " is temporary")
        .hint("Create it in a permanent schema.");
  }
  if (!result.empty() && *rows[0][2] != result) {
    throw Error(sqlstate::kBadRule, "function " + text + " must return " + result)
        .detail("It returns " + *rows[0][2] + ".");
  }
  return {*rows[0][0], *rows[0][1]};
}

// What runs as a table's owner may only be said by him.
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

void upsert_settings(const std::string& assignments, const std::vector<Arg>& args) {
  own_query("INSERT INTO company_backup.settings DEFAULT VALUES ON CONFLICT DO NOTHING", {},
            Access::kWrite);
  own_query(("UPDATE company_backup.settings SET " + assignments).c_str(), args, Access::kWrite);
}

void notice(const std::string& message) {
  guarded([&] { ereport(NOTICE, (errmsg_internal("%s", message.c_str()))); });
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

// The temporary schemas of single sessions, and what is below tables.
bool is_of_sessions(const std::string& schema) {
  return schema.starts_with("pg_temp_") || schema.starts_with("pg_toast");
}

// A search_path as its schemas. Errors kBadRule, kInvalidParameter.
std::vector<std::string> schemas_of(const std::string& path) {
  const char* text = path.c_str();
  std::vector<std::string> schemas;
  List* names = guarded([=] {
    List* list = NIL;
    if (!SplitIdentifierString(pstrdup(text), ',', &list)) return static_cast<List*>(nullptr);
    return list;
  });
  ListCell* cell;
  foreach (cell, names) schemas.emplace_back(static_cast<const char*>(lfirst(cell)));
  if (schemas.empty()) {
    throw Error(sqlstate::kBadRule, "\"" + path + "\" is no search_path")
        .hint("Write the schemas with commas between them, as in 'app, public'.");
  }
  for (const std::string& schema : schemas) {
    if (is_of_sessions(schema)) {
      throw Error(sqlstate::kInvalidParameter, "schema \"" + schema + "\" cannot be searched")
          .hint(
              "What sessions put into their temporary schemas is nothing that code on tables may "
              "rely on. Leave it out.");
    }
    const bool known =
        schema == "$user" || schema == "pg_temp" ||
        !query("SELECT FROM pg_namespace WHERE nspname::text = $1", {schema}).empty();
    if (!known) throw Error(sqlstate::kBadRule, "schema \"" + schema + "\" does not exist");
  }
  return schemas;
}

void store_column_rule(const NamedTable& table, const std::string& column,
                       const std::string& treatment, const Text& replacement) {
  own_query(
      "DELETE FROM company_backup.column_rule WHERE table_schema::text = $1 AND table_name::text = "
      "$2 "
      "AND column_name::text = $3",
      {table.schema, table.name, column}, Access::kWrite);
  if (treatment == "auto") return;
  own_query(
      "INSERT INTO company_backup.column_rule (table_schema, table_name, column_name, treatment, "
      "replacement, replacement_by, replacement_role, said_in) SELECT $1::name, $2::name, "
      "$3::name, "
      "$4, $5, r.rolname, r.oid, i.identity FROM (VALUES ($5 IS NOT NULL)) v (has_one) LEFT JOIN "
      "pg_roles r ON has_one AND r.oid = $6 LEFT JOIN company_backup.database_identity i ON "
      "has_one",
      {table.schema, table.name, column, treatment, replacement, caller_role()}, Access::kWrite);
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

// A reference to what several rows may have would lead to all of them, and follow none.
void require_key(Oid target, const NamedTable& named, const std::vector<std::string>& columns) {
  if (is_key(target, columns)) return;
  if (columns.size() == 1) {
    const Rows group = own_query(
        "SELECT FROM company_backup.column_rule WHERE table_schema::text = $1 AND table_name::text "
        "= $2 AND column_name::text = $3 AND treatment = 'group'",
        {named.schema, named.name, columns[0]});
    if (!group.empty()) return;
  }
  std::string list;
  for (const std::string& column : columns) list += (list.empty() ? "" : ", ") + column;
  const std::string table = display_name(named.schema) + "." + display_name(named.name);
  throw Error(sqlstate::kBadRule, "(" + list + ") is no key of table " + quoted_display(table))
      .detail("No unique index is on just these columns, so that several rows can have a value.")
      .hint(
          "Refer to a key. If the value is a number that rows share, and that no table keeps, say "
          "that first: SELECT set_column_rule(" +
          quote_literal(table) + ", " + quote_literal(columns[0]) + ", 'group').");
}

}  // namespace

COMPANY_BACKUP_FUNCTION(set_company_table) {
  require_database_owner("set_company_table");
  const Oid table = required_oid(fcinfo, 0, "company_table");
  const std::string key = required_text(fcinfo, 1, "key_column");
  Text name = optional_text(fcinfo, 2);
  const Text owner = optional_text(fcinfo, 3);
  const auto identity = optional_names(fcinfo, 4);
  const auto scope = optional_names(fcinfo, 5);
  const NamedTable named = named_table(table);
  require_column(table, key);
  if (name && is_default_argument(fcinfo, 2)) {
    // It may not exist; then the key serves as the name.
    const Rows has = query(
        "SELECT FROM pg_attribute WHERE attrelid = $1 AND attname = 'name' AND NOT attisdropped",
        {Arg::datum(OIDOID, ObjectIdGetDatum(table))});
    if (has.empty()) name = key;
  }
  if (name) require_column(table, *name);
  if (owner) require_column(table, *owner);
  if (identity) {
    for (const std::string& column : *identity) require_column(table, column);
  }
  const Rows unique = query(
      "SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = "
      "i.indkey[0] "
      "WHERE i.indrelid = $1 AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL "
      "AND i.indisvalid AND i.indimmediate AND a.attnotnull AND a.attname::text = $2",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table)), key});
  if (unique.empty()) {
    throw Error(sqlstate::kBadRule, "column \"" + key + "\" does not identify a company")
        .detail("It has no primary key or unique index of its own, or may be NULL.")
        .hint("Name the column of the primary key, or of a unique index that is NOT NULL.");
  }
  const Text path = optional_text(fcinfo, 6);
  const std::vector<std::string> schemas = path ? schemas_of(*path) : std::vector<std::string>();
  const Text identity_text = identity ? Text(text_array(*identity)) : std::nullopt;
  upsert_settings(
      "company_schema = $1::name, company_table = $2::name, key_column = $3::name, "
      "name_column = $4::name, owner_column = $5::name, identity_columns = $6::name[], "
      "scope_columns = $7::name[], search_path = $8::name[]",
      {named.schema, named.name, key, name, owner, identity_text,
       text_array(scope.value_or(std::vector<std::string>{})), text_array(schemas)});
  follow_companies(table, key);
  if (!identity) {
    notice(
        "no column of the company's own row will be overwritten by a restore: identity_columns "
        "was not given");
  }
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_table_rule) {
  require_database_owner("set_table_rule");
  const Oid table = required_oid(fcinfo, 0, "target");
  const std::string treatment = required_text(fcinfo, 1, "treatment");
  const auto match = optional_names(fcinfo, 4).value_or(std::vector<std::string>{});
  const auto route = optional_names(fcinfo, 5).value_or(std::vector<std::string>{});
  require_one_of("treatment of a table", treatment,
                 {"company", "append_only", "excluded", "shared", "people", "auto"});
  const NamedTable named = named_table(table);
  for (const std::string& column : match) require_column(table, column);
  own_query(
      "DELETE FROM company_backup.table_rule WHERE table_schema::text = $1 AND table_name::text = "
      "$2",
      {named.schema, named.name}, Access::kWrite);
  if (treatment == "auto") PG_RETURN_VOID();
  const Text reason = short_text(fcinfo, 2, "reason"), area = short_text(fcinfo, 3, "area");
  own_query(
      "INSERT INTO company_backup.table_rule (table_schema, table_name, treatment, reason, area, "
      "match_columns, route) VALUES ($1::name, $2::name, $3, $4, $5, $6::name[], $7::name[])",
      {named.schema, named.name, treatment, reason, area, text_array(match), text_array(route)},
      Access::kWrite);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_column_rule) {
  require_database_owner("set_column_rule");
  const Oid table = required_oid(fcinfo, 0, "target");
  const std::string column = required_text(fcinfo, 1, "target_column");
  const std::string treatment = required_text(fcinfo, 2, "treatment");
  const Text replacement = optional_text(fcinfo, 3);
  require_one_of("treatment of a column", treatment,
                 {"data", "secret", "identity", "counter", "file", "renew", "group", "auto"});
  if (treatment == "renew" && !replacement) {
    throw Error(sqlstate::kInvalidParameter, "a column that is renewed needs a replacement")
        .hint(
            "SELECT set_column_rule(..., 'renew', replacement => $$old || '-' || new_company$$).");
  }
  if (replacement) {
    require_one_of("treatment of a column with a replacement", treatment,
                   {"secret", "identity", "file", "renew"});
  }
  const NamedTable named = named_table(table);
  require_column(table, column);
  if (replacement) require_table_owner(table, named);
  if (replacement && treatment == "renew") {
    require_renewal(table, column, *replacement);
  } else if (replacement) {
    require_replacement(table, column, *replacement);
  }
  store_column_rule(named, column, treatment, replacement);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_reference) {
  require_database_owner("set_reference");
  const Oid source = required_oid(fcinfo, 0, "source");
  const auto columns = optional_names(fcinfo, 1).value_or(std::vector<std::string>{});
  if (columns.empty()) throw Error(sqlstate::kInvalidParameter, "columns must name a column");
  const auto target_columns = optional_names(fcinfo, 3).value_or(std::vector<std::string>{});
  const std::string json_path = optional_text(fcinfo, 4).value_or("");
  const std::string when_column = optional_text(fcinfo, 5).value_or("");
  const std::string when_value = optional_text(fcinfo, 6).value_or("");
  const std::string outside = required_text(fcinfo, 7, "outside");
  require_one_of("policy for references to other companies", outside, {"refuse", "keep", "null"});
  const NamedTable from = named_table(source);
  for (const std::string& column : columns) require_column(source, column);
  if (!when_column.empty()) require_column(source, when_column);
  if (!when_column.empty() && !PG_ARGISNULL(2)) require_stored_kind(source, when_column);
  if (when_column.empty() != PG_ARGISNULL(6)) {
    throw Error(sqlstate::kInvalidParameter, "when_column and when_value go together");
  }
  const JsonPath path = JsonPath::parse(json_path);
  own_query(
      "DELETE FROM company_backup.reference_rule WHERE table_schema::text = $1 AND "
      "table_name::text = $2 "
      "AND columns = $3::name[] AND json_path = $4 AND when_column::text = $5 AND when_value = $6",
      {from.schema, from.name, text_array(columns), json_path, when_column, when_value},
      Access::kWrite);
  if (PG_ARGISNULL(2)) PG_RETURN_VOID();
  const Oid target = PG_GETARG_OID(2);
  const NamedTable to = named_table(target);
  for (const std::string& column : target_columns) require_column(target, column);
  const size_t width = target_columns.empty() ? parse_text_array(primary_key_columns(target)).size()
                                              : target_columns.size();
  if (width != columns.size()) {
    throw Error(sqlstate::kInvalidParameter, "columns and target_columns differ in number")
        .detail(std::to_string(columns.size()) + " and " + std::to_string(width) +
                "; without target_columns the primary key of the target counts.");
  }
  const bool to_itself = target == source && target_columns == columns && columns.size() == 1 &&
                         json_path.empty() && when_column.empty();
  if (to_itself && !is_key(target, columns)) {
    notice("column \"" + columns[0] + "\" refers to itself: its values are numbers of groups");
    store_column_rule(from, columns[0], "group", std::nullopt);
    PG_RETURN_VOID();
  }
  if (!target_columns.empty()) require_key(target, to, target_columns);
  own_query(
      "INSERT INTO company_backup.reference_rule (table_schema, table_name, columns, "
      "target_schema, "
      "target_table, target_columns, json_path, when_column, when_value, outside) VALUES "
      "($1::name, "
      "$2::name, $3::name[], $4::name, $5::name, $6::name[], $7, $8::name, $9, $10)",
      {from.schema, from.name, text_array(columns), to.schema, to.name, text_array(target_columns),
       json_path, when_column, when_value, outside},
      Access::kWrite);
  if (!json_path.empty()) tell_of_unused_path(source, columns[0], path, json_path);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_membership) {
  require_database_owner("set_membership");
  if (PG_ARGISNULL(0)) {
    upsert_settings(
        "membership_schema = NULL, membership_table = NULL, membership_person_column = NULL", {});
    PG_RETURN_VOID();
  }
  const Oid table = PG_GETARG_OID(0);
  const std::string column = required_text(fcinfo, 1, "person_column");
  const NamedTable named = named_table(table);
  require_column(table, column);
  upsert_settings(
      "membership_schema = $1::name, membership_table = $2::name, membership_person_column = "
      "$3::name",
      {named.schema, named.name, column});
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_company_guard) {
  require_database_owner("set_company_guard");
  const Text guard = optional_text(fcinfo, 0);
  if (!guard) {
    upsert_settings("guard_schema = NULL, guard_function = NULL", {});
    PG_RETURN_VOID();
  }
  const NamedFunction function = named_function(*guard, "text, text, text, jsonb", "boolean");
  upsert_settings("guard_schema = $1::name, guard_function = $2::name",
                  {function.schema, function.name});
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_company_hook) {
  require_database_owner("set_company_hook");
  const std::string event = required_text(fcinfo, 0, "event");
  require_one_of("event", event, {"restored", "reverted", "kept", "cloned", "created", "deleted"});
  const Text hook = optional_text(fcinfo, 1);
  own_query("DELETE FROM company_backup.hook WHERE event = $1", {event}, Access::kWrite);
  if (!hook) PG_RETURN_VOID();
  const NamedFunction function = named_function(*hook, "text, text, jsonb", "");
  own_query(
      "INSERT INTO company_backup.hook (event, hook_schema, hook_function) VALUES ($1, $2::name, "
      "$3::name)",
      {event, function.schema, function.name}, Access::kWrite);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(forget_stale_rules) {
  require_database_owner("forget_stale_rules");
  static constexpr const char* kDeletes[] = {
      "DELETE FROM company_backup.table_rule r WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = r.table_schema AND c.relname = "
      "r.table_name) RETURNING 1",
      "DELETE FROM company_backup.column_rule r WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE "
      "n.nspname = r.table_schema AND c.relname = r.table_name AND a.attname = r.column_name AND "
      "NOT "
      "a.attisdropped) RETURNING 1",
      "DELETE FROM company_backup.reference_rule r WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = r.table_schema AND c.relname = "
      "r.table_name) OR NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = "
      "c.relnamespace WHERE n.nspname = r.target_schema AND c.relname = r.target_table) OR EXISTS "
      "(SELECT FROM unnest(r.columns) wanted(name) WHERE NOT EXISTS (SELECT FROM pg_class c JOIN "
      "pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE "
      "n.nspname = r.table_schema AND c.relname = r.table_name AND a.attname = wanted.name AND NOT "
      "a.attisdropped)) RETURNING 1"};
  int64_t forgotten = 0;
  for (const char* sql : kDeletes) {
    forgotten += static_cast<int64_t>(own_query(sql, {}, Access::kWrite).size());
  }
  PG_RETURN_INT64(forgotten);
}

COMPANY_BACKUP_FUNCTION(trust_origin) {
  require_database_owner("trust_origin");
  const std::string name = required_text(fcinfo, 0, "name");
  own_query("DELETE FROM company_backup.trusted_origin WHERE name = $1", {name}, Access::kWrite);
  if (PG_ARGISNULL(1)) PG_RETURN_VOID();
  const std::string key = required_bytes(fcinfo, 1, "key");
  if (key.size() < 16) {
    throw Error(sqlstate::kInvalidParameter, "the key is too short")
        .detail("It has " + std::to_string(key.size()) + " bytes; archive_key() gives 32.")
        .hint("Call archive_key() in the database that made the archives.");
  }
  own_query("INSERT INTO company_backup.trusted_origin (name, archive_key) VALUES ($1, $2)",
            {name, Arg::bytea(key)}, Access::kWrite);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(archive_key) {
  require_database_owner("archive_key");
  const std::string key = database_identity().key;
  return guarded([&] {
    return PointerGetDatum(cstring_to_text_with_len(key.data(), static_cast<int>(key.size())));
  });
}

COMPANY_BACKUP_FUNCTION(grant_company_backup) {
  require_database_owner("grant_company_backup");
  const std::string role = required_text(fcinfo, 0, "role");
  const Rows exists = query("SELECT FROM pg_roles WHERE rolname::text = $1", {role});
  if (exists.empty()) throw Error("42704", "role \"" + role + "\" does not exist");
  const Rows functions = query(
      "SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_depend d JOIN pg_proc p ON p.oid "
      "= "
      "d.objid WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND d.refclassid = "
      "'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = "
      "'company_backup') AND p.proname NOT IN ('set_company_table', 'set_table_rule', "
      "'set_column_rule', 'set_reference', 'set_membership', 'set_company_guard', "
      "'set_company_hook', 'forget_stale_rules', 'trust_origin', 'archive_key', "
      "'grant_company_backup', 'follow_company')");
  const std::string grant =
      "GRANT EXECUTE ON FUNCTION " + *functions[0][0] + " TO " + quote_name(role);
  own_query(grant.c_str(), {}, Access::kWrite);
  PG_RETURN_VOID();
}

}  // namespace company_backup
