#include "core/schema.hpp"

#include <algorithm>
#include <tuple>

#include "core/error.hpp"

namespace company_backup {

TableIndex Schema::find(const std::string& schema, const std::string& name) const {
  const auto wanted = std::tie(schema, name);
  auto found = std::lower_bound(
      tables.begin(), tables.end(), wanted,
      [](const Table& table, const auto& key) { return std::tie(table.schema, table.name) < key; });
  if (found == tables.end() || found->schema != schema || found->name != name) return kNoTable;
  return static_cast<TableIndex>(found - tables.begin());
}

const Column* find_column(const Table& table, const std::string& name) {
  for (const Column& column : table.columns)
    if (column.name == name) return &column;
  return nullptr;
}

const Column& column_of(const Table& table, int16_t number) {
  for (const Column& column : table.columns)
    if (column.number == number) return column;
  throw Error(sqlstate::kInternal, "table " + table.schema + "." + table.name +
                                       " has no column with number " + std::to_string(number));
}

}  // namespace company_backup
