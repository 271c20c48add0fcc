#include "pg/restore/repeated_values.hpp"

#include <algorithm>

#include "pg/rows/index_values.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {

std::vector<const UniqueIndex*> text_indexes(const Table& table) {
  std::vector<const UniqueIndex*> indexes;
  for (const UniqueIndex& index : table.unique_indexes) {
    const bool made = std::any_of(index.used.begin(), index.used.end(), [&](int16_t number) {
      return column_of(table, number).generated;
    });
    if (is_plain(index) && !made && !index.primary) indexes.push_back(&index);
  }
  return indexes;
}

RepeatedValues::RepeatedValues(const MergePlan& plan, Constraints which)
    : plan_(plan), indexes_(text_indexes(*plan.matched->table)) {
  if (which == Constraints::kDeferrable)
    std::erase_if(indexes_, [](const UniqueIndex* index) { return index->immediate; });
}

// In the order in which rows are written: those that are written anew after the others.
void RepeatedValues::put(size_t number, const std::string& value, bool anew,
                         const std::vector<RowValue>& row) {
  const std::string count = std::to_string(++count_);
  values_.put(key_line({std::to_string(number)}) + value + (anew ? '2' : '1') +
              key_line({std::string(20 - count.size(), '0') + count, plan_.key_text(row)}) +
              plan_.refusal_key(row));
}

void RepeatedValues::note_added(const std::vector<RowValue>& archived) {
  for (size_t i = 0; i < indexes_.size(); ++i) {
    const auto value = key_line_of(indexes_[i]->columns, plan_.matched->columns, archived);
    if (value) put(i, *value, false, archived);
  }
}

void RepeatedValues::note_changed(const std::vector<RowValue>& current,
                                  const std::vector<RowValue>& archived,
                                  const std::vector<size_t>& columns) {
  if (indexes_.empty()) return;
  const std::vector<RowValue> row = with_changes(current, archived, columns);
  for (size_t i = 0; i < indexes_.size(); ++i) {
    const auto before = key_line_of(indexes_[i]->columns, plan_.current, current);
    const auto after = key_line_of(indexes_[i]->columns, plan_.current, row);
    if (after && after != before) put(i, *after, true, row);
  }
}

void RepeatedValues::look_up(const Found& found) {
  if (count_ == 0) return;
  values_.sort();
  std::string last;
  std::string_view line;
  while (values_.next(line)) {
    const std::string_view all = line;
    const UniqueIndex& index = *indexes_[std::stoul(std::string(take_value(line)))];
    for (size_t i = 0; i < index.columns.size(); ++i) take_value(line);
    const std::string_view value = all.substr(0, all.size() - line.size());
    if (value != last) {
      last = value;
      continue;
    }
    line.remove_prefix(1);
    take_value(line);
    const std::string key(take_value(line));
    found(std::string(line), key, index.oid);
  }
}

}  // namespace company_backup
