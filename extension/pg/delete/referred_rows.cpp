#include "pg/delete/referred_rows.hpp"

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/rows/current_rows.hpp"
#include "pg/rows/mapped_row_writer.hpp"

namespace company_backup {

bool ReferredRows::asks(TableIndex source) const {
  const ScopedTable* scoped = live_.scope.find(source);
  return scoped != nullptr && scoped->owned() && !scoped->routes.empty();
}

void ReferredRows::find(TableIndex source, TableIndex target, const std::vector<int16_t>& columns,
                        const std::string& join, const Visitor& visit) const {
  std::string outside = join;
  if (!work_.retained.contains(source))
    outside += " AND " + not_owned_by(live_.schema, live_.scope, source, "r", "$1");
  const std::vector<const Column*> known = columns_of(live_.table(target), columns);
  const CurrentQuery query = query_rows(
      live_.table(target), known,
      owned_by(live_.schema, live_.scope, target, "s", "$1") + " AND EXISTS (SELECT FROM " +
          from_table(live_.table(source)) + " AS r WHERE " + outside + ")",
      {company_.arg()});
  RowLine line(row_columns(known));
  read_current(query, nullptr, [&](const CurrentRow& row, uint32_t) {
    line.parse(row.line);
    visit(known, line.values());
  });
}

}  // namespace company_backup
