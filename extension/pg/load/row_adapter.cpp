#include "pg/load/row_adapter.hpp"

#include <algorithm>

#include "pg/load/drift_scan.hpp"

namespace company_backup {
namespace {

using Change = DriftColumn::Change;

std::vector<RowColumn> first_columns(const DriftTable& table, size_t width) {
  std::vector<RowColumn> columns = archived_columns(table);
  columns.resize(std::min(width, columns.size()));
  return columns;
}

}  // namespace

RowAdapter::RowAdapter(const DriftTable& table, size_t width)
    : table_(table), line_(first_columns(table, width)) {
  std::vector<const Column*> columns;
  for (size_t i = 0; i < std::min(width, table.columns.size()); ++i) {
    const DriftColumn& column = table.columns[i];
    if (column.column == nullptr) continue;
    columns.push_back(column.column);
    Value& value = here_.emplace_back();
    value.position = i;
    if (column.change == Change::kCast) value.cast.emplace(*table.table, *column.column);
  }
  columns_ = row_columns(columns);
  values_.resize(here_.size());
}

std::optional<size_t> RowAdapter::position_of(size_t archived) const {
  const auto found = std::find_if(here_.begin(), here_.end(),
                                  [&](const Value& value) { return value.position == archived; });
  if (found == here_.end()) return std::nullopt;
  return static_cast<size_t>(found - here_.begin());
}

const std::vector<RowValue>& RowAdapter::adapt(std::string_view line) {
  line_.parse(line);
  for (size_t i = 0; i < here_.size(); ++i) values_[i] = adapted(here_[i]);
  return values_;
}

RowValue RowAdapter::adapted(Value& value) const {
  const DriftColumn& column = table_.columns[value.position];
  const RowValue& archived = line_[value.position];
  if (archived.kind == ValueKind::kNull) {
    return column.may_be_null ? made(value, column.filler) : archived;
  }
  if (column.change == Change::kNone) return archived;
  const Text text = archived_text(table_.archived->columns[value.position].type, archived);
  if (column.change == Change::kRecoded) return made(value, text);
  const ValueCast::Result& result = value.cast->cast(*text);
  return made(value, result.text ? result.text : column.filler);
}

RowValue RowAdapter::made(Value& value, const Text& text) const {
  if (!text) return {};
  to_line_value(*table_.columns[value.position].column, *text, value.made);
  return value.made.view();
}

}  // namespace company_backup
