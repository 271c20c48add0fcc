#include "pg/load/adapted_rows.hpp"

#include "core/text/row_composer.hpp"
#include "pg/load/row_adapter.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/sorted_lines.hpp"

namespace company_backup {
namespace {

class AdaptedLines : public LineSource {
 public:
  AdaptedLines(const DriftTable& table, std::unique_ptr<LineSource> lines)
      : lines_(std::move(lines)), adapter_(table), composer_(adapter_.columns()) {}

  bool next(std::string_view& line) override {
    if (!lines_->next(line)) return false;
    text_.clear();
    composer_.append(adapter_.adapt(line), text_);
    line = text_;
    return true;
  }

  // Of the line that next() gave.
  const std::vector<RowValue>& values() const { return adapter_.values(); }

 private:
  std::unique_ptr<LineSource> lines_;
  RowAdapter adapter_;
  RowComposer composer_;
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

std::unique_ptr<LineSource> adapt_lines(const DriftTable& table,
                                        std::unique_ptr<LineSource> lines) {
  if (table.passes()) return lines;
  return std::make_unique<AdaptedLines>(table, std::move(lines));
}

std::unique_ptr<LineSource> AdaptedRows::lines(bool shared, size_t number,
                                               const ManifestTable& table) {
  const DriftTable& adapted = table_of(shared, number);
  auto lines = archive_.lines(shared, adapted.number, *adapted.archived);
  if (!adapted.resorted) return adapt_lines(adapted, std::move(lines));
  auto fitting = std::make_unique<AdaptedLines>(adapted, std::move(lines));
  auto sorted = std::make_unique<SortedLines>(line_key(RowAdapter(adapted).columns(), table.key));
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
