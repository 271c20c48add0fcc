#include "pg/load/leftover_check.hpp"

#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

// A generated ID is too long for texts of the other types, or has characters that they have not.
bool can_hold_generated_id(const Column& column) {
  switch (column.type_oid) {
    case BOOLOID:
    case BYTEAOID:
    case FLOAT4OID:
    case FLOAT8OID:
    case NUMERICOID:
    case DATEOID:
    case TIMEOID:
    case TIMETZOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
    case INTERVALOID:
      return false;
    default:
      return column.family != TypeFamily::kInteger && column.family != TypeFamily::kIntegerArray &&
             !column.is_bytea();
  }
}

}  // namespace

LeftoverCheck::LeftoverCheck(const LiveScope& live, const MatchedTable& table,
                             const LeftoverIds& ids)
    : table_(table), ids_(ids) {
  if (ids.empty()) return;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = *table.columns[i];
    if (!table.loaded[i] || !can_hold_generated_id(column)) continue;
    if (column_treatment(live.rules, *table.table, column.name) != ColumnTreatment::kData)
      positions_.push_back(i);
  }
}

void LeftoverCheck::check(const std::vector<RowValue>& row) const {
  for (const size_t position : positions_) {
    if (row[position].kind == ValueKind::kNull) continue;
    if (const auto id = ids_.find(row[position].text)) refuse(position, *id, row);
  }
}

// If it is one of several in a text.
std::string LeftoverCheck::path_hint(size_t position, std::string_view id,
                                     const std::vector<RowValue>& row,
                                     const std::string& table) const {
  const Column& column = *table_.columns[position];
  if (row[position].text == id || !holds_text(column)) return {};
  return " If it is made of such IDs: SELECT set_column_rule(" + quote_literal(table) + ", " +
         quote_literal(column.name) + ", 'path').";
}

void LeftoverCheck::refuse(size_t position, std::string_view id,
                           const std::vector<RowValue>& row) const {
  const std::string name = display_table(*table_.table);
  const std::string& column = table_.columns[position]->name;
  std::string key;
  for (int16_t number : table_.scoped->key) {
    if (const auto at = position_of(table_, number)) {
      key += (key.empty() ? "" : ", ") + std::string(row[*at].text);
    }
  }
  throw Error(sqlstate::kLeftover, "an old ID would be left in column \"" + column +
                                       "\" of table " + quoted_display(name))
      .detail("Row (" + key + ") holds " + std::string(id) +
              ", the ID of a row that gets a new one.")
      .hint("If it is a reference, declare it: SELECT set_reference(" + quote_literal(name) + ", " +
            quote_literal("{" + column + "}") + ", ...)." + path_hint(position, id, row, name) +
            " If it may stay: SELECT " + "set_column_rule(" + quote_literal(name) + ", " +
            quote_literal(column) + ", 'data').");
}

}  // namespace company_backup
