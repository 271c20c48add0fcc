// compare_schema, and what is said of older archives: set_table_rename, set_column_rename,
// set_column_default.
#include <algorithm>

#include "core/scope/sql.hpp"
#include "pg/base/arguments.hpp"
#include "pg/load/fitted_archive.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/scope/operation.hpp"
#include "pg/scope/rules.hpp"
#include "pg/sql/authorize.hpp"
#include "pg/sql/named_table.hpp"

namespace company_backup {
namespace {

Rows compare(LiveScope scope, const StoredBackup& backup) {
  Operation operation(std::move(scope), OperationKind::kLook);
  operation.take_snapshot();
  const FittedArchive archive(operation.live(), backup, DriftPolicy::kCompare);
  Rows rows;
  for (const SchemaDifference& difference : differences_of(archive.drift())) {
    const auto unless_empty = [](const std::string& text) {
      return text.empty() ? Text() : Text(text);
    };
    rows.push_back({difference.table, unless_empty(difference.column), difference.difference,
                    to_text(difference.effect), unless_empty(difference.settle)});
  }
  operation.close_snapshot();
  operation.close();
  return rows;
}

// A table by the name that it had: "app.invoice", "App"."Invoice", or without a schema one in the
// schema of the table that it is called now.
NamedTable former_table(const std::string& name, const std::optional<NamedTable>& now) {
  const std::vector<std::string> parts =
      parse_text_array(one_value(query("SELECT parse_ident($1)::text", {name})));
  if (parts.size() == 2) return {parts[0], parts[1]};
  if (parts.size() == 1 && now) return {now->schema, parts[0]};
  throw Error(sqlstate::kInvalidParameter, "\"" + name + "\" is not the name of a table")
      .hint("Write it with its schema, as in app.invoice.");
}

std::string told(const std::string& schema, const std::string& table) {
  return quoted_display(display_name(schema) + "." + display_name(table));
}

// Does a chain of renames lead from here to there?
template <class Name, class Renames, class From, class To>
bool leads_to(const Name& from, const Name& goal, const Renames& renames, From&& old_name,
              To&& new_name) {
  Name at = from;
  for (size_t steps = 0; steps <= renames.size(); ++steps) {
    if (at == goal) return true;
    const auto next = std::find_if(renames.begin(), renames.end(),
                                   [&](const auto& rule) { return old_name(rule) == at; });
    if (next == renames.end()) return false;
    at = new_name(*next);
  }
  return false;
}

[[noreturn]] void refuse_circle(const std::string& what, const std::string& old_name,
                                const std::string& new_name) {
  throw Error(sqlstate::kBadRule, "renames of " + what + " lead in a circle")
      .detail(new_name + " is called " + old_name + ", by this rule or by others.")
      .hint(
          "A rename leads from the name in older archives to the name here. A null new name "
          "removes one.");
}

[[noreturn]] void refuse_second(const std::string& new_name, const std::string& other) {
  throw Error(sqlstate::kBadRule, new_name + " is already the new name of " + other)
      .hint("Remove that rename first: it is the one with a null new name.");
}

void require_table_rename(const NamedTable& former, const NamedTable& now) {
  std::vector<TableRename> renames = load_rules().table_renames;
  std::erase_if(renames, [&](const TableRename& rule) {
    return rule.old_schema == former.schema && rule.old_table == former.name;
  });
  using Name = std::pair<std::string, std::string>;
  const bool circle = leads_to(
      Name{now.schema, now.name}, Name{former.schema, former.name}, renames,
      [](const TableRename& rule) {
        return Name{rule.old_schema, rule.old_table};
      },
      [](const TableRename& rule) {
        return Name{rule.schema, rule.table};
      });
  if (circle) refuse_circle("tables", told(former.schema, former.name), told(now.schema, now.name));
  for (const TableRename& rule : renames) {
    if (rule.schema != now.schema || rule.table != now.name) continue;
    refuse_second("table " + told(now.schema, now.name),
                  "table " + told(rule.old_schema, rule.old_table));
  }
}

void require_column_rename(const NamedTable& table, const std::string& former,
                           const std::string& now) {
  std::vector<ColumnRename> renames = load_rules().column_renames;
  std::erase_if(renames, [&](const ColumnRename& rule) {
    return rule.schema != table.schema || rule.table != table.name || rule.old_column == former;
  });
  const bool circle = leads_to(
      now, former, renames, [](const ColumnRename& rule) { return rule.old_column; },
      [](const ColumnRename& rule) { return rule.column; });
  if (circle) refuse_circle("columns", "\"" + former + "\"", "\"" + now + "\"");
  for (const ColumnRename& rule : renames) {
    if (rule.column == now) refuse_second("column \"" + now + "\"", "\"" + rule.old_column + "\"");
  }
}

void require_plain_column(Oid table, const std::string& column) {
  require_column(table, column);
  const Rows generated = query(
      "SELECT FROM pg_attribute WHERE attrelid = $1 AND attname::text = $2 AND attgenerated <> ''",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table)), column});
  if (generated.empty()) return;
  throw Error(sqlstate::kBadRule, "column \"" + column + "\" is generated")
      .detail("The database computes its values; none is loaded.");
}

}  // namespace

COMPANY_BACKUP_FUNCTION(compare_schema) {
  require_guard_or_owner(Action::kInspect);
  const StoredBackup backup =
      authorize_backup(required_int64(fcinfo, 0, "backup"), Action::kInspect, std::nullopt);
  require_readable(backup, Manifest::from_json(backup.manifest_text));
  return return_rows(fcinfo, reading(backup, [&] { return compare(load_live_scope(), backup); }));
}

COMPANY_BACKUP_FUNCTION(set_table_rename) {
  require_database_owner("set_table_rename");
  const std::string name = required_text(fcinfo, 0, "old_name");
  std::optional<NamedTable> now;
  if (!PG_ARGISNULL(1)) now = named_table(PG_GETARG_OID(1));
  const NamedTable former = former_table(name, now);
  if (now) require_table_rename(former, *now);
  own_query(
      "DELETE FROM company_backup.table_rename WHERE old_schema::text = $1 AND old_table::text = "
      "$2",
      {former.schema, former.name}, Access::kWrite);
  if (!now) PG_RETURN_VOID();
  own_query(
      "INSERT INTO company_backup.table_rename (old_schema, old_table, table_schema, table_name) "
      "VALUES ($1::name, $2::name, $3::name, $4::name)",
      {former.schema, former.name, now->schema, now->name}, Access::kWrite);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_column_rename) {
  require_database_owner("set_column_rename");
  const Oid table = required_oid(fcinfo, 0, "target");
  const std::string former = required_text(fcinfo, 1, "old_name");
  const Text now = optional_text(fcinfo, 2);
  const NamedTable named = named_table(table);
  if (now) {
    require_plain_column(table, *now);
    require_column_rename(named, former, *now);
  }
  own_query(
      "DELETE FROM company_backup.column_rename WHERE table_schema::text = $1 AND "
      "table_name::text = $2 AND old_column::text = $3",
      {named.schema, named.name, former}, Access::kWrite);
  if (!now) PG_RETURN_VOID();
  own_query(
      "INSERT INTO company_backup.column_rename (table_schema, table_name, old_column, "
      "column_name) VALUES ($1::name, $2::name, $3::name, $4::name)",
      {named.schema, named.name, former, now}, Access::kWrite);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(set_column_default) {
  require_database_owner("set_column_default");
  const Oid table = required_oid(fcinfo, 0, "target");
  const std::string column = required_text(fcinfo, 1, "target_column");
  const Text expression = optional_text(fcinfo, 2);
  const NamedTable named = named_table(table);
  require_plain_column(table, column);
  if (expression) {
    require_table_owner(table, named);
    require_constant(table, column, *expression);
  }
  own_query(
      "DELETE FROM company_backup.column_default WHERE table_schema::text = $1 AND "
      "table_name::text = $2 AND column_name::text = $3",
      {named.schema, named.name, column}, Access::kWrite);
  if (!expression) PG_RETURN_VOID();
  own_query(
      "INSERT INTO company_backup.column_default (table_schema, table_name, column_name, "
      "replacement, replacement_by, replacement_role, said_in) SELECT $1::name, $2::name, "
      "$3::name, $4, r.rolname, r.oid, i.identity FROM pg_roles r, "
      "company_backup.database_identity i WHERE r.oid = $5",
      {named.schema, named.name, column, expression, caller_role()}, Access::kWrite);
  PG_RETURN_VOID();
}

}  // namespace company_backup
