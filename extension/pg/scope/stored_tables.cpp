#include "pg/scope/stored_tables.hpp"

#include "core/text/table_name.hpp"
#include "pg/scope/guard.hpp"

namespace company_backup {
namespace {

// What stands of a table in something stored.
struct Part {
  std::string name;  // as it was then; empty: not known
  std::vector<std::string> columns, omitted;
};

Part part_of(const ManifestTable& table) {
  const TableName name = decode_table_name(table.name);
  Part part{name.schema + "." + name.table, {}, {}};
  for (const ManifestColumn& column : table.columns) part.columns.push_back(column.name);
  for (const ManifestOmitted& omitted : table.omitted) part.omitted.push_back(omitted.column);
  return part;
}

template <class Visit>
void visit_tables(const Manifest& manifest, Visit&& visit) {
  for (const auto* tables : {&manifest.tables, &manifest.shared}) {
    for (const ManifestTable& table : *tables) visit(table);
  }
}

// Numbers for these tables, in their order; for 0 NULL. Another session may give a table a number
// of its own at the same time: both then mean it.
std::string number_tables(const std::string& oids) {
  own_query(
      "INSERT INTO company_backup.known_table (relation) SELECT DISTINCT o FROM "
      "unnest($1::oid[]) o WHERE o <> 0 AND NOT EXISTS (SELECT FROM company_backup.known_table k "
      "WHERE k.relation = o)",
      {oids}, Access::kWrite);
  return one_value(own_query(
      "SELECT coalesce(array_agg((SELECT min(k.id) FROM company_backup.known_table k WHERE "
      "k.relation = w.o) ORDER BY w.n), '{}') FROM unnest($1::oid[]) WITH ORDINALITY w (o, "
      "n)",
      {oids}, Access::kWrite));
}

// Of tables by their numbers: OID, or nothing if it is gone; and whether there was a number.
Rows known_tables(const std::string& numbers) {
  return own_query(
      "SELECT k.relation::oid, w.id IS NOT NULL FROM unnest($1::bigint[]) WITH ORDINALITY w (id, "
      "n) "
      "LEFT JOIN company_backup.known_table k ON k.id = w.id ORDER BY w.n",
      {numbers}, Access::kCall);
}

[[noreturn]] void refuse(const std::string& table, const StoredRows& rows, const char* more) {
  throw Error(sqlstate::kInsufficientPrivilege, "permission denied for " + table)
      .detail(rows.name + " holds rows of it" + more + ".")
      .hint(
          "Stored rows are as secret as their tables: reading them takes SELECT on all of these.");
}

// SELECT on the table; or on each of its columns, if it still has the known ones: a renamed column
// cannot be told from a new one.
bool has_select(Oid table, const Part& part) {
  const Rows rows = query(
      "SELECT has_table_privilege($1::oid, 'SELECT'), (SELECT bool_and(has_column_privilege($1, "
      "a.attnum, 'SELECT')) FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT "
      "a.attisdropped AND a.attname::text <> ALL ($3::text[])) AND NOT EXISTS (SELECT FROM "
      "unnest($2::text[]) c (name) WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = "
      "$1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attname::text = c.name))",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table)), text_array(part.columns),
       text_array(part.omitted)},
      Access::kCall);
  if (!rows[0][0]) {
    throw Error(sqlstate::kSerializationFailure,
                "could not serialize access: a table was dropped meanwhile")
        .hint("Try again.");
  }
  return rows[0][0] == "t" || rows[0][1] == "t";
}

// One table: its OID if it is there, whether it ever was.
void require_table(const Row& known, const Part& part, const StoredRows& rows) {
  Text name;
  if (known[0]) {
    name = query("SELECT c.oid::regclass FROM pg_class c WHERE c.oid = $1::oid", {known[0]},
                 Access::kCall)
                   .empty()
               ? Text()
               : one_row(query("SELECT $1::oid::regclass", {known[0]}, Access::kCall))[0];
  }
  if (!name) {
    if (caller_owns_database() || (known[1] != "t" && rows.is_mine)) return;
    if (part.name.empty()) {
      refuse("a table that is gone", rows, ": only the owner of the database may read them");
    }
    refuse("table " + part.name, rows,
           ", and it is gone: only the owner of the database may read them");
  }
  const Oid table = oid_of(known[0]);
  if (!has_select(table, part)) refuse("table " + *name, rows, "");
  if (guarded([table] { return check_enable_rls(table, InvalidOid, true) == RLS_ENABLED; })) {
    throw Error(sqlstate::kRowSecurity,
                "row-level security would hide rows of table \"" + *name + "\" from this role")
        .detail(rows.name + " holds rows of it.")
        .hint("Call through a SECURITY DEFINER function owned by a role with BYPASSRLS.");
  }
}

}  // namespace

std::string remember_tables(const Manifest& manifest) {
  std::vector<std::string> oids;
  visit_tables(manifest, [&](const ManifestTable& table) {
    const TableName name = decode_table_name(table.name);
    const Rows rows = query(
        "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
        "n.nspname::text = $1 AND c.relname::text = $2",
        {name.schema, name.table}, Access::kCall);
    oids.push_back(rows.empty() ? "0" : *rows[0][0]);
  });
  return number_tables(text_array(oids));
}

int64_t remember_table(Oid table) {
  const std::string numbers = number_tables("{" + std::to_string(table) + "}");
  return std::stoll(numbers.substr(1));
}

void require_readable(const Manifest& manifest, const std::string& tables, const StoredRows& rows) {
  const Rows known = known_tables(tables);
  size_t number = 0;
  visit_tables(manifest, [&](const ManifestTable& table) {
    require_table(number < known.size() ? known[number] : Row{{}, "t"}, part_of(table), rows);
    ++number;
  });
}

void require_readable(const std::vector<Text>& tables, const StoredRows& rows) {
  for (const Text& table : tables) {
    const Row known = table ? known_tables("{" + *table + "}")[0] : Row{{}, "t"};
    require_table(known, {}, rows);
  }
}

}  // namespace company_backup
