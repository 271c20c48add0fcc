#include "pg/load/numbered_columns.hpp"

#include <algorithm>
#include <limits>

#include "core/scope/sql.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/typed_value.hpp"

namespace company_backup {
namespace {

struct Range {
  int64_t least, greatest;
};

template <class Integer>
Range range_of() {
  return {std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max()};
}

Range range_of(const Column& column) {
  switch (column.type_oid) {
    case INT2OID:
      return range_of<int16_t>();
    case INT4OID:
      return range_of<int32_t>();
    default:
      return range_of<int64_t>();
  }
}

// The greatest or smallest of the values that compare so with `limit`. Read as the table's owner:
// rows of all companies count.
std::optional<int64_t> furthest_value(const Table& table, const Column& column, bool upwards,
                                      const std::string& comparison, int64_t limit) {
  const AsOwnerOf owner(table.oid);
  const std::string value = column_sql("t", column);
  const Rows rows = query(std::string(upwards ? "SELECT max(" : "SELECT min(") + value + ") FROM " +
                              from_table(table) + " AS t WHERE " + value + " OPERATOR(pg_catalog." +
                              comparison + ") $1",
                          {limit}, Access::kWrite);
  if (!rows[0][0]) return std::nullopt;
  return std::stoll(*rows[0][0]);
}

}  // namespace

std::optional<int64_t> greatest_value(const Table& table, const Column& column) {
  return furthest_value(table, column, true, "<=", std::numeric_limits<int64_t>::max());
}

Text unused_value(const Table& table, const Column& column) {
  switch (column.type_oid) {
    case INT2OID:
    case INT4OID:
    case INT8OID: {
      const int64_t greatest = greatest_value(table, column).value_or(0);
      return greatest == range_of(column).greatest ? Text() : std::to_string(greatest + 1);
    }
    case UUIDOID:
    case TEXTOID:
    case VARCHAROID:
      return one_row(query("SELECT pg_catalog.gen_random_uuid()"))[0];
    default:
      return std::nullopt;
  }
}

NumberedColumns numbered(const Table& table, const Column& column) {
  return {{{&table, &column}}, &table, &column, default_of(table, column)};
}

NumberedColumns numbered(const LiveScope& live, const GroupColumns& group) {
  NumberedColumns columns{{}, nullptr, nullptr, DefaultKind::kNone};
  for (const ColumnRoot& root : group) {
    const Table& table = live.table(root.table);
    const Column& column = column_of(table, root.column);
    columns.all.emplace_back(&table, &column);
    const ScopedTable* scoped = live.scope.find(root.table);
    if (scoped == nullptr || !scoped->travels()) continue;
    columns.renewed = columns.all.size();
    const DefaultKind how = default_of(table, column);
    const bool better = how == DefaultKind::kSequence ||
                        (how == DefaultKind::kVolatile && columns.how != DefaultKind::kVolatile);
    if (columns.table != nullptr && (!better || columns.how == DefaultKind::kSequence)) continue;
    columns.table = &table;
    columns.column = &column;
    columns.how = how;
  }
  return columns;
}

int64_t greatest_number(const NumberedColumns& columns) {
  int64_t greatest = 0;
  for (const auto& [table, column] : columns.all) {
    greatest = std::max(greatest, greatest_value(*table, *column).value_or(0));
  }
  return greatest;
}

int64_t greatest_possible(const NumberedColumns& columns) {
  int64_t greatest = std::numeric_limits<int64_t>::max();
  for (size_t i = 0; i < columns.renewed; ++i) {
    greatest = std::min(greatest, range_of(*columns.all[i].second).greatest);
  }
  return greatest;
}

ColumnSequence sequence_of(const NumberedColumns& columns) {
  ColumnSequence sequence = feeding_sequence(*columns.table, *columns.column);
  const bool upwards = sequence.increment > 0;
  const int64_t allowed = furthest_allowed(sequence);
  for (const auto& [table, column] : columns.all) {
    if (const auto furthest =
            furthest_value(*table, *column, upwards, upwards ? "<=" : ">=", allowed)) {
      sequence.see(std::to_string(*furthest));
    }
    const auto taken = furthest_value(*table, *column, !upwards, upwards ? ">" : "<", allowed);
    if (!taken) continue;
    const int64_t nearest = sequence.taken.value_or(*taken);
    sequence.taken = upwards ? std::min(nearest, *taken) : std::max(nearest, *taken);
  }
  return sequence;
}

}  // namespace company_backup
