#include "pg/restore/watched_keys.hpp"

#include <algorithm>

#include "pg/rows/index_values.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {

void WatchedKeys::watch(const UniqueIndex& index, bool exclusion) {
  const Table& table = *plan_.matched->table;
  const bool made = std::any_of(index.used.begin(), index.used.end(),
                                [&](int16_t number) { return column_of(table, number).generated; });
  const bool plain = is_plain(index) && !made;
  std::vector<int16_t> columns = plain ? index.columns : value_columns(table, index);
  if (!columns.empty()) indexes_.push_back({&index, plain, exclusion, std::move(columns)});
}

// A key, or, where NULL counts, each value behind a letter that says whether there is one.
void WatchedKeys::note(Index& index, const std::vector<const Column*>& columns,
                       const std::vector<RowValue>& values) {
  if (index.plain) {
    const auto key = key_line_of(index.columns, columns, values);
    if (key) index.keys.put(*key + after(values));
    return;
  }
  std::vector<std::string> texts;
  for (const int16_t number : index.columns) {
    const auto found = std::find_if(columns.begin(), columns.end(), [number](const Column* column) {
      return column->number == number;
    });
    if (found == columns.end()) return;  // its default counts
    const RowValue& value = values[static_cast<size_t>(found - columns.begin())];
    const Text text = text_form(**found, value);
    texts.push_back(text ? "v" + *text : "n");
  }
  index.keys.put(key_line(texts) + after(values));
}

void WatchedKeys::note_added(const std::vector<RowValue>& archived) {
  for (Index& index : indexes_) note(index, plan_.matched->columns, archived);
}

void WatchedKeys::note_changed(const std::vector<RowValue>& current,
                               const std::vector<RowValue>& archived,
                               const std::vector<size_t>& columns) {
  std::vector<RowValue> row;
  for (Index& index : indexes_) {
    const std::vector<int16_t>& used = index.columns;
    const bool concerned = std::any_of(columns.begin(), columns.end(), [&](size_t position) {
      return std::find(used.begin(), used.end(), plan_.current[position]->number) != used.end();
    });
    if (!concerned) continue;
    if (row.empty()) row = with_changes(current, archived, columns);
    note(index, plan_.current, row);
  }
}

void WatchedKeys::read_plain(Index& index,
                             const std::function<void(const PlainBatch&)>& look) const {
  PlainBatch batch{KeyBatch(columns_of(*plan_.matched->table, index.columns))};
  std::string_view line;
  for (bool more = true; more;) {
    batch.keys.clear();
    batch.after.clear();
    while (!batch.keys.full() && (more = index.keys.next(line))) {
      batch.keys.add(line);
      for (size_t i = 0; i < index.columns.size(); ++i) take_value(line);
      batch.after.emplace_back(line);
    }
    if (!batch.keys.empty()) look(batch);
  }
}

void WatchedKeys::read_values(Index& index,
                              const std::function<void(const ValueBatch&)>& look) const {
  ValueBatch batch{columns_of(*plan_.matched->table, index.columns), {}};
  std::string_view line;
  for (bool more = true; more;) {
    batch.values.assign(batch.columns.size(), {});
    batch.after.clear();
    while (batch.after.size() < kKeysPerLookup && (more = index.keys.next(line))) {
      for (std::vector<Text>& column : batch.values) {
        const std::string_view value = take_value(line);
        column.push_back(value[0] == 'n' ? Text() : Text(std::string(value.substr(1))));
      }
      batch.after.emplace_back(line);
    }
    if (!batch.after.empty()) look(batch);
  }
}

}  // namespace company_backup
