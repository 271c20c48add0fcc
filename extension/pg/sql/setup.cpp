// Set-up functions: the company table, who belongs to it, guard, hooks, what has to say yes to
// deletions, trust and rights.
#include "core/merge/restore_words.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/act.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/compat.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/rehearsal.hpp"
#include "pg/base/spi.hpp"
#include "pg/scope/catalog.hpp"
#include "pg/scope/company_triggers.hpp"
#include "pg/scope/guard.hpp"
#include "pg/scope/rules.hpp"
#include "pg/sql/named_function.hpp"
#include "pg/sql/named_table.hpp"

extern "C" {
#include "utils/varlena.h"
}

namespace company_backup {
namespace {

// Can it be run, as one query with one column of truth values? It is run for every action, by
// whoever calls.
void require_guard_query(const std::string& guard_query) {
  const std::string sql = guard_query_sql(guard_query);
  const auto refuse = [](const std::string& detail) {
    throw Error(sqlstate::kBadRule, "the guard query cannot be run")
        .detail(detail)
        .hint(
            "Give one SELECT with one boolean column. Write tables with their schema, as in "
            "'SELECT owner_id::text = $3 FROM app.company WHERE id::text = $2'. $1 is the "
            "action, $2 the company, $3 the actor, $4 the detail (jsonb).");
  };
  Arg no_detail = Arg::datum(JSONBOID, 0);
  no_detail.null = true;
  const KeptError error = keep_error([&] {
    guarded([text = sql.c_str()] {
      if (list_length(raw_parser(to_server(text), RAW_PARSE_DEFAULT)) == 1) return;
      ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("it is more than one query")));
    });
    query(sql + " LIMIT 0", {Text(), Text(), Text(), no_detail});
  });
  if (error) refuse(error.caught().message);
}

void upsert_settings(const std::string& assignments, const std::vector<Arg>& args) {
  own_query("INSERT INTO company_backup.settings DEFAULT VALUES ON CONFLICT DO NOTHING", {},
            Access::kWrite);
  own_query(("UPDATE company_backup.settings SET " + assignments).c_str(), args, Access::kWrite);
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
    if (!SplitIdentifierString(pstrdup(to_server(text)), ',', &list))
      return static_cast<List*>(nullptr);
    return list;
  });
  ListCell* cell;
  foreach (cell, names) {
    const char* name = static_cast<const char*>(lfirst(cell));
    schemas.emplace_back(guarded([=] { return from_server(name); }));
  }
  if (schemas.empty()) {
    throw Error(sqlstate::kBadRule, "\"" + path + "\" is not a search_path")
        .hint("Write the schemas with commas between them, as in 'app, public'.");
  }
  for (const std::string& schema : schemas) {
    if (is_of_sessions(schema)) {
      throw Error(sqlstate::kInvalidParameter, "schema \"" + schema + "\" cannot be searched")
          .hint(
              "Code on tables must not rely on what sessions put into their temporary schemas. "
              "Leave it out.");
    }
    const bool known =
        schema == "$user" || schema == "pg_temp" ||
        !query("SELECT FROM pg_namespace WHERE nspname::text = $1", {schema}).empty();
    if (!known) throw Error(sqlstate::kBadRule, "schema \"" + schema + "\" does not exist");
  }
  return schemas;
}

std::string required_role(FunctionCallInfo fcinfo, int index) {
  std::string role = required_text(fcinfo, index, "role");
  if (query("SELECT FROM pg_roles WHERE rolname::text = $1", {role}).empty()) {
    throw Error("42704", "role \"" + role + "\" does not exist");
  }
  return role;
}

void grant_execute(const std::string& functions, const std::string& role) {
  const std::string grant = "GRANT EXECUTE ON FUNCTION " + functions + " TO " + quote_name(role);
  own_query(grant.c_str(), {}, Access::kWrite);
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
      "AND i.indisvalid AND i.indimmediate AND " COMPANY_BACKUP_IS_NOT_NULL
      " AND a.attname::text = $2",
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
  if (!leaves_undone()) follow_companies(table, key);
  if (!identity) {
    notice(
        "no column of the company's own row will be overwritten by a restore: identity_columns "
        "was not given");
  }
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
    upsert_settings("guard_schema = NULL, guard_function = NULL, guard_query = NULL", {});
    PG_RETURN_VOID();
  }
  const NamedFunction function = named_function(*guard, "text, text, text, jsonb", "boolean");
  upsert_settings("guard_schema = $1::name, guard_function = $2::name, guard_query = NULL",
                  {function.schema, function.name});
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_company_guard_query) {
  require_database_owner("set_company_guard_query");
  const Text guard_query = optional_text(fcinfo, 0);
  if (guard_query) require_guard_query(*guard_query);
  upsert_settings("guard_schema = NULL, guard_function = NULL, guard_query = $1", {guard_query});
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_company_hook) {
  require_database_owner("set_company_hook");
  const char* event = to_text(required_word<RestoreEvent>(fcinfo, 0, "event"));
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

COMPANY_BACKUP_FUNCTION(set_delete_precondition) {
  require_database_owner("set_delete_precondition");
  const std::string name = required_text(fcinfo, 0, "name");
  const Text condition = optional_text(fcinfo, 1);
  if (name.empty()) throw Error(sqlstate::kInvalidParameter, "name must not be empty");
  std::optional<NamedFunction> function;
  std::string message;
  if (condition) {
    message = required_text(fcinfo, 2, "message");
    function = named_function(*condition, "text, text", "boolean");
  }
  own_query("DELETE FROM company_backup.delete_precondition WHERE name = $1", {name},
            Access::kWrite);
  if (!function) PG_RETURN_VOID();
  own_query(
      "INSERT INTO company_backup.delete_precondition (name, function_schema, function_name, "
      "message) VALUES ($1, $2::name, $3::name, $4)",
      {name, function->schema, function->name, message}, Access::kWrite);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_reauthentication) {
  require_database_owner("set_reauthentication");
  const Text check = optional_text(fcinfo, 0);
  if (!check) {
    upsert_settings("reauthentication_schema = NULL, reauthentication_function = NULL", {});
    PG_RETURN_VOID();
  }
  const NamedFunction function = named_function(*check, "text, text, text", "boolean");
  upsert_settings("reauthentication_schema = $1::name, reauthentication_function = $2::name",
                  {function.schema, function.name});
  PG_RETURN_VOID();
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
  note_telling();
  const std::string key = database_identity().key;
  return guarded([&] {
    return PointerGetDatum(cstring_to_text_with_len(key.data(), static_cast<int>(key.size())));
  });
}

COMPANY_BACKUP_FUNCTION(grant_company_backup) {
  require_database_owner("grant_company_backup");
  const std::string role = required_role(fcinfo, 0);
  const Rows functions = query(
      "SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_depend d JOIN pg_proc p ON p.oid "
      "= "
      "d.objid WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND d.refclassid = "
      "'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = "
      "'company_backup') AND p.pronamespace <> 'company_backup'::regnamespace AND p.proname NOT IN "
      "('set_company_table', 'set_table_rule', "
      "'set_column_rule', 'set_reference', 'set_table_rename', 'set_column_rename', "
      "'set_column_default', 'set_row_check', 'set_membership', 'set_company_guard', "
      "'set_company_guard_query', 'set_company_hook', 'set_company_limits', 'purge_expired', "
      "'set_table_retention', 'set_delete_precondition', 'set_reauthentication', "
      "'refuse_frozen_writes', "
      "'forget_stale_rules', 'trust_origin', 'archive_key', "
      "'grant_company_backup', 'grant_company_transfer')");
  grant_execute(*functions[0][0], role);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(grant_company_transfer) {
  require_database_owner("grant_company_transfer");
  const std::string role = required_role(fcinfo, 0);
  std::string functions;
  for (const char* function :
       {"redeem_download(text)", "redeem_upload(text)", "read_transfer(text)",
        "append_transfer(text, integer, bytea)", "finish_transfer(text)"}) {
    functions += (functions.empty() ? "" : ", ") + functions_schema() + "." + function;
  }
  grant_execute(functions, role);
  PG_RETURN_VOID();
}

}  // namespace company_backup
