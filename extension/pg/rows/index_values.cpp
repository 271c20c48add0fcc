#include "pg/rows/index_values.hpp"

#include <algorithm>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "core/text/array_text.hpp"
#include "pg/base/owner_query.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

constexpr const char* kKeyColumns = R"(
SELECT pg_get_indexdef(i.indexrelid, k.n::int, true)
         || coalesce((SELECT format(' COLLATE %I.%I', s.nspname, c.collname)
                      FROM pg_collation c JOIN pg_namespace s ON s.oid = c.collnamespace
                      WHERE c.oid = (i.indcollation::oid[])[k.n - 1]), ''),
       coalesce((SELECT format('OPERATOR(%I.%s)', s.nspname, o.oprname)
                 FROM pg_constraint x JOIN pg_operator o ON o.oid = x.conexclop[k.n]
                   JOIN pg_namespace s ON s.oid = o.oprnamespace
                 WHERE x.conindid = i.indexrelid AND x.contype IN ('x', 'p', 'u')),
       (SELECT format('OPERATOR(%I.%s)', s.nspname, o.oprname)
        FROM pg_opclass p JOIN pg_amop a ON a.amopfamily = p.opcfamily AND a.amopstrategy = 3
             AND a.amoplefttype = p.opcintype AND a.amoprighttype = p.opcintype
          JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_namespace s ON s.oid = o.oprnamespace
        WHERE p.oid = (i.indclass::oid[])[k.n - 1])),
       pg_get_expr(i.indpred, i.indrelid)
FROM pg_index i, generate_series(1, i.indnkeyatts) k(n) WHERE i.indexrelid = $1 ORDER BY k.n)";

// For each generated column of $1 among $2: its name, its expression, and the columns in it.
constexpr const char* kGenerated = R"(
SELECT a.attname, pg_get_expr(d.adbin, d.adrelid),
       ARRAY(SELECT DISTINCT p.refobjsubid::int2 FROM pg_depend p
             WHERE p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
               AND p.refclassid = 'pg_class'::regclass AND p.refobjid = a.attrelid
               AND p.refobjsubid NOT IN (0, a.attnum) ORDER BY 1)
FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1 AND a.attgenerated <> '' AND a.attnum = ANY ($2::int2[]) ORDER BY a.attnum)";

Rows generated_columns(const Table& table, const UniqueIndex& index) {
  std::vector<std::string> numbers;
  for (const int16_t number : index.used) {
    if (column_of(table, number).generated) numbers.push_back(std::to_string(number));
  }
  if (numbers.empty()) return {};
  return query(kGenerated, {Arg::datum(OIDOID, ObjectIdGetDatum(table.oid)), text_array(numbers)});
}

// A name that no column has.
std::string free_name(const std::vector<const Column*>& columns) {
  std::string name = "n";
  while (std::any_of(columns.begin(), columns.end(),
                     [&](const Column* column) { return column->name == name; })) {
    name += "_";
  }
  return name;
}

// The FROM item with the columns under their own names, and their position under `number`.
std::string values_as_rows(const std::vector<const Column*>& columns, const std::string& number) {
  std::string select = "u.n AS " + number;
  for (size_t i = 0; i < columns.size(); ++i) {
    select += ", u.k" + std::to_string(i) + " AS " + quote_name(columns[i]->name);
  }
  return "(SELECT " + select + " FROM " + unnested(columns) + ") AS t";
}

}  // namespace

bool is_plain(const UniqueIndex& index) {
  return !index.partial && !index.nulls_not_distinct &&
         std::find(index.columns.begin(), index.columns.end(), 0) == index.columns.end();
}

std::vector<Clash> find_clashes(const Table& table, const UniqueIndex& index,
                                const std::vector<const Column*>& columns,
                                const std::vector<std::vector<Text>>& values, size_t limit) {
  std::string select, equal, predicate;
  size_t n = 0;
  for (const Row& row : query(kKeyColumns, {Arg::datum(OIDOID, ObjectIdGetDatum(index.oid))})) {
    const std::string k = "k" + std::to_string(n++);
    select += ", (" + *row[0] + ") AS " + k;
    equal += (n > 1 ? " AND (a." : "(a.") + k + " " + *row[1] + " b." + k;
    if (index.nulls_not_distinct) equal += " OR (a." + k + " IS NULL AND b." + k + " IS NULL)";
    equal += ")";
    if (row[2]) predicate = " WHERE " + *row[2];
  }
  BatchMemory memory;
  std::vector<Arg> args;
  for (size_t i = 0; i < columns.size(); ++i) {
    args.push_back(typed_array(*columns[i], values[i]));
  }
  const std::string number = free_name(columns);
  std::string given = values_as_rows(columns, number), generated;
  for (const Row& row : generated_columns(table, index))
    generated += ", (" + *row[1] + ") AS " + quote_name(*row[0]);
  if (!generated.empty()) given = "(SELECT t.*" + generated + " FROM " + given + ") AS t";
  std::vector<Clash> found;
  for (const Row& row : query_as_owner(
           table.oid,
           "SELECT a.row_number, b.row_table, b.row_place FROM (SELECT t." + number +
               " AS row_number" + select + " FROM " + given + predicate +
               ") AS a JOIN (SELECT t.tableoid AS row_table, t.ctid AS row_place" + select +
               " FROM " + from_table(table) + " AS t" + predicate + ") AS b ON " + equal +
               (limit == 0 ? "" : " LIMIT " + std::to_string(limit)),
           args)) {
    found.push_back({std::stoul(*row[0]) - 1, *row[1], *row[2]});
  }
  memory.close();
  return found;
}

std::vector<int16_t> value_columns(const Table& table, const UniqueIndex& index) {
  std::vector<int16_t> columns;
  const auto add = [&columns](int16_t number) {
    if (std::find(columns.begin(), columns.end(), number) == columns.end())
      columns.push_back(number);
  };
  for (const int16_t number : index.used) {
    if (!column_of(table, number).generated) add(number);
  }
  for (const Row& row : generated_columns(table, index)) {
    for (const std::string& number : parse_text_array(*row[2]))
      add(static_cast<int16_t>(std::stoi(number)));
  }
  return columns;
}

bool clashes(const LiveScope& live, TableIndex table_index, const UniqueIndex& index,
             const std::vector<const Column*>& columns,
             const std::vector<std::vector<Text>>& values, const Company* target) {
  const Table& table = live.table(table_index);
  const std::vector<Clash> found =
      find_clashes(table, index, columns, values, target == nullptr ? 1 : 0);
  if (found.empty() || target == nullptr) return !found.empty();
  std::vector<std::string> tables, places;
  for (const Clash& clash : found) {
    tables.push_back(clash.relation);
    places.push_back(clash.place);
  }
  return !query("SELECT" + from_places(table, 2) + " WHERE NOT coalesce(" +
                    owned_by(live.schema, live.scope, table_index, "t", "$1") + ", false) LIMIT 1",
                {target->arg(), text_array(tables), text_array(places)}, Access::kWrite)
              .empty();
}

}  // namespace company_backup
