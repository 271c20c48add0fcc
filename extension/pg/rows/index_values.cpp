#include "pg/rows/index_values.hpp"

#include <algorithm>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
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

// The FROM item with the columns under their own names.
std::string values_as_rows(const std::vector<const Column*>& columns) {
  std::string select;
  for (size_t i = 0; i < columns.size(); ++i) {
    select += (i > 0 ? ", u.k" : "u.k") + std::to_string(i) + " AS " + quote_name(columns[i]->name);
  }
  return "(SELECT " + select + " FROM " + unnested(columns) + ") AS t";
}

}  // namespace

bool is_plain(const UniqueIndex& index) {
  return !index.partial && !index.nulls_not_distinct &&
         std::find(index.columns.begin(), index.columns.end(), 0) == index.columns.end();
}

bool clashes(const LiveScope& live, TableIndex table_index, const UniqueIndex& index,
             const std::vector<const Column*>& columns,
             const std::vector<std::vector<Text>>& values, const Company* target) {
  const Table& table = live.table(table_index);
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
  const Rows found =
      query_as_owner(table.oid,
                     "SELECT b.row_table, b.row_place FROM (SELECT" + select.substr(1) + " FROM " +
                         values_as_rows(columns) + predicate +
                         ") AS a JOIN (SELECT t.tableoid AS row_table, t.ctid AS row_place" +
                         select + " FROM " + from_table(table) + " AS t" + predicate +
                         ") AS b ON " + equal + (target == nullptr ? " LIMIT 1" : ""),
                     args);
  memory.close();
  if (found.empty() || target == nullptr) return !found.empty();
  std::vector<std::string> tables, places;
  for (const Row& row : found) {
    tables.push_back(*row[0]);
    places.push_back(*row[1]);
  }
  return !query("SELECT" + from_places(table, 2) + " WHERE NOT coalesce(" +
                    owned_by(live.schema, live.scope, table_index, "t", "$1") + ", false) LIMIT 1",
                {target->arg(), text_array(tables), text_array(places)}, Access::kWrite)
              .empty();
}

}  // namespace company_backup
