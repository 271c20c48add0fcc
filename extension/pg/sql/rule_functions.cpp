// Set-up functions: the rules of tables, columns and references, stored by name.
#include <algorithm>

#include "core/scope/treatment.hpp"
#include "core/text/json_path.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/arguments.hpp"
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

// A reference to a value that several rows may have would lead to all of them, and follow none.
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
  throw Error(sqlstate::kBadRule, "(" + list + ") is not a key of table " + quoted_display(table))
      .detail("No unique index is on just these columns, so several rows can have the same value.")
      .hint(
          "Refer to a key. If the value is the number of a group of rows that is the key of no "
          "table, say so first: SELECT set_column_rule(" +
          quote_literal(table) + ", " + quote_literal(columns[0]) + ", 'group').");
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
  const Oid table = required_oid(fcinfo, 0, "target");
  const std::string column = required_text(fcinfo, 1, "target_column");
  const auto treatment = treatment_argument<ColumnTreatment>(fcinfo, 2, "treatment of a column");
  const Text replacement = optional_text(fcinfo, 3);
  if (treatment == ColumnTreatment::kRenew && !replacement) {
    throw Error(sqlstate::kInvalidParameter, "a column that is renewed needs a replacement")
        .hint(
            "SELECT set_column_rule(..., 'renew', replacement => $$old || '-' || new_company$$).");
  }
  if (replacement) require_takes_replacement(treatment);
  const NamedTable named = named_table(table);
  require_column(table, column);
  if (replacement) require_table_owner(table, named);
  if (replacement && treatment == ColumnTreatment::kRenew) {
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
  if (columns.empty()) throw Error(sqlstate::kInvalidParameter, "columns must not be empty");
  const auto target_columns = optional_names(fcinfo, 3).value_or(std::vector<std::string>{});
  const std::string json_path = optional_text(fcinfo, 4).value_or("");
  const std::string when_column = optional_text(fcinfo, 5).value_or("");
  const std::string when_value = optional_text(fcinfo, 6).value_or("");
  const std::string outside_text = required_text(fcinfo, 7, "outside");
  const std::optional<OutsidePolicy> outside = parse_word<OutsidePolicy>(outside_text);
  if (!outside) {
    refuse_word("policy for references to other companies", outside_text,
                texts_of(all_words<OutsidePolicy>()));
  }
  const NamedTable from = named_table(source);
  for (const std::string& column : columns) require_column(source, column);
  if (!when_column.empty()) require_column(source, when_column);
  if (!when_column.empty() && !PG_ARGISNULL(2)) require_stored_kind(source, when_column);
  if (when_column.empty() != PG_ARGISNULL(6)) {
    throw Error(sqlstate::kInvalidParameter, "when_column and when_value must be given together");
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
                "; without target_columns, those of the target's primary key.");
  }
  const bool to_itself = target == source && target_columns == columns && columns.size() == 1 &&
                         json_path.empty() && when_column.empty();
  if (to_itself && !is_key(target, columns)) {
    notice("column \"" + columns[0] + "\" refers to itself: its values are numbers of groups");
    store_column_rule(from, columns[0], ColumnTreatment::kGroup, std::nullopt);
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
       json_path, when_column, when_value, to_text(*outside)},
      Access::kWrite);
  if (!json_path.empty()) tell_of_unused_path(source, columns[0], path, json_path);
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

}  // namespace company_backup
