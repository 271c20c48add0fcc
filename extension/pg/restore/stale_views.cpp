#include "pg/restore/stale_views.hpp"

#include "pg/base/encoding.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

// Materialized views that read, directly or through views, a table of the scope: they do not change
// with it.
std::string materialized_views(const LiveScope& live, TablesOf which) {
  std::vector<std::string> oids;
  for (const ScopedTable* scoped : live.tables(which)) {
    oids.push_back(std::to_string(live.table(scoped->table).oid));
  }
  std::string list;
  for (const Row& row :
       query("WITH RECURSIVE reader AS (SELECT DISTINCT r.ev_class AS oid FROM pg_depend d JOIN "
             "pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid WHERE "
             "d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1::oid[]) UNION "
             "SELECT r.ev_class FROM reader JOIN pg_depend d ON d.refclassid = "
             "'pg_class'::regclass AND d.refobjid = reader.oid JOIN pg_rewrite r ON d.classid = "
             "'pg_rewrite'::regclass AND d.objid = r.oid AND r.ev_class <> reader.oid) "
             "SELECT c.oid::regclass FROM reader JOIN pg_class c USING (oid) "
             "WHERE c.relkind = 'm' ORDER BY 1",
             {text_array(oids)}, Access::kWrite)) {
    list += (list.empty() ? "" : ", ") + *row[0];
  }
  return list;
}

}  // namespace

void note_views(const LiveScope& live, TablesOf which) {
  const std::string views = materialized_views(live, which);
  if (views.empty()) return;
  const char* text = views.c_str();
  guarded([text] {
    ereport(NOTICE, (errmsg("materialized views still show what was there before"),
                     errdetail_internal("%s", to_server_with_marks(text)),
                     errhint("REFRESH MATERIALIZED VIEW brings them up to date.")));
  });
}

}  // namespace company_backup
