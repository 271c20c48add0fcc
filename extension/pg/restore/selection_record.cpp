#include "pg/restore/selection_record.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "core/text/row_composer.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

constexpr char kOfAll = 'w', kOfColumns = 'c', kOfKey = 'k';

// One JSON object per line: {"0":"7","1":"north"}.
std::vector<RowColumn> numbered(size_t count) {
  std::vector<RowColumn> columns;
  for (size_t i = 0; i < count; ++i) columns.push_back({std::to_string(i)});
  return columns;
}

void put(char what, const std::vector<std::string>& values, LineCutter& lines) {
  std::vector<RowValue> row;
  for (const std::string& value : values) row.push_back({ValueKind::kString, value});
  std::string text;
  RowComposer(numbered(values.size())).append(row, text);
  lines.buffer() += what + text;
  lines.end_line();
}

std::vector<std::string> values_of(const std::string& key) {
  std::vector<std::string> values;
  for (size_t at = 0; at < key.size();) {
    const size_t end = key.find('\0', at);
    values.push_back(key.substr(at, end - at));
    at = end + 1;
  }
  return values;
}

// The lines of one table.
class Reader {
 public:
  Reader(const FittedRecord& record, const MatchedTable& matched, RowMapper mapper)
      : record_(record), matched_(matched), mapper_(std::move(mapper)) {}

  void read(std::string_view line) {
    const char what = line[0];
    line.remove_prefix(1);
    if (what == kOfAll) {
      selected_.whole = true;
    } else if (what == kOfColumns) {
      begin_columns(line);
    } else {
      add_key(line);
    }
  }

  SelectedTable finish() { return std::move(selected_); }

 private:
  void begin_columns(std::string_view line) {
    const size_t count =
        static_cast<size_t>(line[0] - '0') * 10 + static_cast<size_t>(line[1] - '0');
    line.remove_prefix(2);
    row_.emplace(numbered(count));
    row_->parse(line);
    std::vector<int16_t> numbers;
    positions_.clear();
    for (size_t i = 0; i < count; ++i) {
      const std::string then((*row_)[i].text);
      const auto name = record_.column_now(matched_.number, then);
      const auto found = std::find_if(matched_.columns.begin(), matched_.columns.end(),
                                      [&](const Column* column) { return column->name == name; });
      if (found == matched_.columns.end()) {
        throw Error(sqlstate::kSchemaDiffers,
                    "column \"" + then + "\" of table " +
                        quoted_display(display_table(*matched_.table)) +
                        " is not there any more, and told which rows were restored");
      }
      numbers.push_back((*found)->number);
      positions_.push_back(static_cast<size_t>(found - matched_.columns.begin()));
    }
    keys_ = &selected_.by(numbers).keys;
  }

  void add_key(std::string_view line) {
    row_->parse(line);
    std::vector<RowValue> values(matched_.columns.size());
    for (size_t i = 0; i < positions_.size(); ++i) values[positions_[i]] = (*row_)[i];
    mapper_.apply(values);
    std::vector<std::string> key;
    for (const size_t position : positions_) key.emplace_back(values[position].text);
    keys_->insert(key_line(key));
  }

  const FittedRecord& record_;
  const MatchedTable& matched_;
  RowMapper mapper_;
  SelectedTable selected_;
  std::optional<RowLine> row_;
  std::vector<size_t> positions_;
  std::unordered_set<std::string>* keys_ = nullptr;
};

}  // namespace

void record_selection(const Table& table, const SelectedTable& selected, LineCutter& lines) {
  if (selected.whole) {
    lines.buffer() += kOfAll;
    return lines.end_line();
  }
  for (const RowKeys& rows : selected.rows) {
    const std::vector<std::string> names = column_names(table, rows.columns);
    const std::string count = std::to_string(names.size());
    lines.buffer() += kOfColumns + (count.size() < 2 ? "0" + count : count);
    std::vector<RowValue> row;
    for (const std::string& name : names) row.push_back({ValueKind::kString, name});
    RowComposer(numbered(names.size())).append(row, lines.buffer());
    lines.end_line();
    for (const std::string& key : rows.keys) put(kOfKey, values_of(key), lines);
  }
}

std::optional<RowSelection> recorded_selection(const FittedRecord& record, MatchedArchive& load) {
  std::optional<RowSelection> selection;
  for (const MatchedTable& matched : load.tables()) {
    const std::unique_ptr<LineSource> lines = record.lines(UndoPart::kSelected, matched.number);
    std::string_view line;
    if (!lines->next(line)) continue;
    Reader reader(record, matched, load.make_mapper(matched));
    do {
      reader.read(line);
    } while (lines->next(line));
    if (!selection) selection.emplace();
    selection->tables.emplace(matched.scoped->table, reader.finish());
  }
  return selection;
}

}  // namespace company_backup
