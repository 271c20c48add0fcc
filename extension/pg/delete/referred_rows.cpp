#include "pg/delete/referred_rows.hpp"

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/rows/current_rows.hpp"
#include "pg/rows/mapped_row_writer.hpp"

namespace company_backup {

bool ReferredRows::asks(TableIndex source) const {
  const ScopedTable* scoped = live_.scope.find(source);
  return !work_.single && scoped != nullptr && scoped->owned() && !scoped->routes.empty();
}

void ReferredRows::find(TableIndex source, TableIndex target, const std::vector<int16_t>& columns,
                        const std::string& join, const Visitor& visit) const {
  const std::vector<const Column*> known = columns_of(live_.table(target), columns);
  CurrentQuery query = query_rows(live_.table(target), known, "", {company_.arg()});
  // Each row once, however many refer to it. As a semijoin it would be planned for rows that are
  // mostly referred to from outside, one by one.
  query.table.sql = "SELECT DISTINCT ON (s.tableoid, s.ctid)";
  for (const Column* column : known) query.table.sql += " s." + quote_name(column->name) + ",";
  query.table.sql += " s.tableoid, s.ctid, s.xmin FROM " + from_table(live_.table(source)) +
                     " AS r JOIN " + from_table(live_.table(target)) + " AS s ON " + join +
                     " WHERE " + owned_by(live_.schema, live_.scope, target, "s", "$1");
  if (!work_.retained.contains(source))
    query.table.sql += " AND " + not_owned_by(live_.schema, live_.scope, source, "r", "$1");
  RowLine line(row_columns(known));
  read_current(query, nullptr, [&](const CurrentRow& row, uint32_t) {
    line.parse(row.line);
    visit(known, line.values());
  });
}

}  // namespace company_backup
