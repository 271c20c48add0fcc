#include "pg/load/adapted_rows.hpp"

#include <optional>

#include "core/text/row_composer.hpp"
#include "pg/load/drift_scan.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/sorted_lines.hpp"
#include "pg/rows/value_cast.hpp"

namespace company_backup {
namespace {

using Change = DriftColumn::Change;

std::vector<const Column*> columns_here(const DriftTable& table) {
  std::vector<const Column*> columns;
  for (const DriftColumn& column : table.columns) {
    if (column.column != nullptr) columns.push_back(column.column);
  }
  return columns;
}

class AdaptedLines : public LineSource {
 public:
  AdaptedLines(const DriftTable& table, std::unique_ptr<LineSource> lines)
      : table_(table),
        lines_(std::move(lines)),
        line_(archived_columns(table)),
        composer_(row_columns(columns_here(table))) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const DriftColumn& column = table.columns[i];
      if (column.column == nullptr) continue;
      Value& value = columns_.emplace_back();
      value.position = i;
      if (column.change == Change::kCast) value.cast.emplace(*table.table, *column.column);
    }
    values_.resize(columns_.size());
  }

  bool next(std::string_view& line) override {
    if (!lines_->next(line)) return false;
    line_.parse(line);
    for (size_t i = 0; i < columns_.size(); ++i) values_[i] = adapted(columns_[i]);
    text_.clear();
    composer_.append(values_, text_);
    line = text_;
    return true;
  }

  // Of the line that next() gave.
  const std::vector<RowValue>& values() const { return values_; }

 private:
  struct Value {
    size_t position;
    std::optional<ValueCast> cast;
    LineValue made;
  };

  RowValue adapted(Value& value) {
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

  RowValue made(Value& value, const Text& text) const {
    if (!text) return {};
    to_line_value(*table_.columns[value.position].column, *text, value.made);
    return value.made.view();
  }

  const DriftTable& table_;
  std::unique_ptr<LineSource> lines_;
  RowLine line_;
  RowComposer composer_;
  std::vector<Value> columns_;
  std::vector<RowValue> values_;
  std::string text_;
};

}  // namespace

AdaptedRows::AdaptedRows(const SchemaDrift& drift, RowSource& archive)
    : drift_(drift), archive_(archive) {
  for (const size_t position : drift.kept) {
    const DriftTable& table = drift.tables[position];
    archived_.push_back(
        {table.number, table.archived, table.scoped, table.table, {}, {}, {}, {}, {}});
  }
}

const DriftTable& AdaptedRows::table_of(bool shared, size_t number) const {
  return drift_.tables[(shared ? drift_.kept_shared : drift_.kept).at(number)];
}

std::unique_ptr<LineSource> AdaptedRows::lines(bool shared, size_t number,
                                               const ManifestTable& table) {
  const DriftTable& adapted = table_of(shared, number);
  auto lines = archive_.lines(shared, adapted.number, *adapted.archived);
  if (adapted.passes()) return lines;
  auto fitting = std::make_unique<AdaptedLines>(adapted, std::move(lines));
  if (!adapted.resorted) return fitting;
  auto sorted =
      std::make_unique<SortedLines>(line_key(row_columns(columns_here(adapted)), table.key));
  std::string_view line;
  while (fitting->next(line)) sorted->put(fitting->values(), line);
  sorted->sort();
  return sorted;
}

void AdaptedRows::read(const MatchedTable& table, const std::vector<size_t>&, const Visitor& row) {
  RowLine line(row_columns(table.columns));
  const auto source = lines(false, table.number, *table.archived);
  std::string_view text;
  while (source->next(text)) {
    line.parse(text);
    row(line.values());
  }
}

void AdaptedRows::write(const MatchedTable& table, MappedRowWriter& writer) {
  const auto source = lines(false, table.number, *table.archived);
  std::string_view line;
  while (source->next(line)) writer.write(line);
}

// Contents of files are found by where the archive has their column.
ReadBytes AdaptedRows::bytes_of(const MatchedTable& table) const {
  const DriftTable& adapted = table_of(false, table.number);
  std::vector<size_t> positions;
  for (size_t i = 0; i < adapted.columns.size(); ++i) {
    if (adapted.columns[i].column != nullptr) positions.push_back(i);
  }
  return [positions = std::move(positions), read = archive_.bytes_of(archived_[table.number])](
             size_t position, const RowValue& value, std::string& bytes) {
    read(positions[position], value, bytes);
  };
}

}  // namespace company_backup
