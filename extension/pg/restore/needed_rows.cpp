#include "pg/restore/needed_rows.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "core/text/array_text.hpp"
#include "core/text/json_path.hpp"
#include "pg/base/server_text.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

// Of IDs inside of a document or an array.
std::vector<std::string> ids_in(const Reference& reference, const std::string& value) {
  std::vector<std::string> ids, others;
  if (!reference.json_path.empty()) {
    collect_storable_ids(JsonPath::parse(reference.json_path), value, ids, others);
  } else if (const auto elements = read_array(value)) {
    for (const ArrayElement& element : elements->list)
      if (element.value) ids.push_back(*element.value);
  }
  return ids;
}

// The FROM item "s" of values of these columns, under their names.
std::string values_as_rows(const Table& table, const std::vector<int16_t>& columns) {
  const std::vector<const Column*> list = columns_of(table, columns);
  std::string names;
  for (size_t i = 0; i < list.size(); ++i) {
    names +=
        (names.empty() ? "u.k" : ", u.k") + std::to_string(i) + " AS " + quote_name(list[i]->name);
  }
  return "(SELECT " + names + " FROM " + unnested(list) + ") AS s";
}

// A row is the company's because a row of `step.target` refers to it.
Reference way_up(TableIndex table, const RouteStep& step) {
  Reference reference;
  reference.name = step.name;
  reference.table = table;
  reference.target = step.target;
  reference.columns = step.columns;
  reference.target_columns = step.target_columns;
  reference.soft = true;
  return reference;
}

// Of a column among these; null: it is not.
const RowValue* value_of(int16_t number, const std::vector<const Column*>& columns,
                         const std::vector<RowValue>& row) {
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i] != nullptr && columns[i]->number == number) return &row[i];
  return nullptr;
}

}  // namespace

std::vector<NeededRows::Way>& NeededRows::ways_of(TableIndex table) {
  const auto [known, is_new] = ways_.try_emplace(table);
  if (!is_new) return known->second;
  const auto travels = [this](TableIndex target) {
    const ScopedTable* const scoped = live_.scope.find(target);
    return scoped != nullptr && scoped->travels();
  };
  for (const Reference& reference : live_.scope.references) {
    if (reference.table == table && travels(reference.target))
      known->second.push_back({reference, !reference.soft,
                               !reference.json_path.empty() || is_list(live_.schema, reference)});
  }
  for (const RouteStep& step : live_.scope.find(table)->routes) {
    if (step.kind == RouteStep::Kind::kUp && travels(step.target))
      known->second.push_back({way_up(table, step), false, false});
  }
  return known->second;
}

void NeededRows::stays(TableIndex table, const std::vector<const Column*>& columns,
                       const std::vector<RowValue>& row, bool enforced) {
  for (Way& way : ways_of(table))
    if (way.enforced || !enforced) tell(way, columns, row);
}

void NeededRows::tell(Way& way, const std::vector<const Column*>& columns,
                      const std::vector<RowValue>& row) {
  const Reference& reference = way.reference;
  const Table& table = live_.table(reference.table);
  if (!reference.when_column.empty()) {
    const Column& kind = *find_column(table, reference.when_column);
    const RowValue* const value = value_of(kind.number, columns, row);
    const Text text = value == nullptr ? Text() : text_form(kind, *value);
    if (!text || in_form(key_form(kind), *text) != reference.when_value) return;
  }
  const auto line = key_line_of(reference.columns, columns, row);
  if (!line) return;
  std::vector<std::string> lines;
  if (way.inside) {
    std::string_view text = *line;
    for (const std::string& id : ids_in(reference, std::string(take_value(text))))
      lines.push_back(key_line({id}));
  } else {
    lines.push_back(*line);
  }
  for (std::string& one : lines)
    if (way.told.insert(one).second) way.fresh.push_back(std::move(one));
}

bool NeededRows::add(const Reference& reference, std::vector<std::string> key) {
  const Table& target = live_.table(reference.target);
  std::vector<std::string_view> formed;
  for (size_t i = 0; i < key.size(); ++i)
    formed.push_back(in_form(key_form(column_of(target, reference.target_columns[i])), key[i]));
  KeySet& keys = needed_[reference.target][reference.target_columns];
  if (keys.contains(formed)) return false;
  keys.add(formed);
  return true;
}

bool NeededRows::refers(const Reference& reference, const std::vector<std::string>& key) {
  return add(reference, key);
}

// Rows that `looked_up` leads to: the values of the columns that are referred to.
std::set<std::string> NeededRows::find(
    const Way& way, const std::function<void(std::vector<std::string>)>& found) const {
  Reference reference = way.reference;
  reference.when_column.clear();  // they are of that kind
  const Table& source = live_.table(reference.table);
  const Table& target = live_.table(reference.target);
  std::string select, from;
  for (const Column* column : columns_of(target, reference.target_columns))
    select += (select.empty() ? "" : ", ") + as_text(column_sql("t", *column), *column);
  if (way.inside) {
    from = " FROM " + from_table(target) + " AS t WHERE " + select + " = ANY ($1::text[])";
  } else {
    from = " FROM " + values_as_rows(source, reference.columns) + " JOIN " + from_table(target) +
           " AS t ON " + reference_join(live_.schema, reference, "s", "t");
  }
  std::set<std::string> all;
  for (size_t at = 0; at < way.looked_up.size(); at += kKeysPerLookup) {
    BatchMemory memory;
    KeyBatch batch(columns_of(source, reference.columns));
    const size_t end = std::min(way.looked_up.size(), at + kKeysPerLookup);
    std::vector<std::string> ids;
    for (size_t i = at; i < end; ++i) {
      std::string_view line = way.looked_up[i];
      if (way.inside) {
        ids.emplace_back(take_value(line));
      } else {
        batch.add(line);
      }
    }
    const std::string list = text_array(ids);
    const std::vector<Arg> args = way.inside ? std::vector<Arg>{list} : batch.arrays();
    for (const Row& row : query("SELECT " + select + from, args)) {
      std::vector<std::string> key;
      for (const Text& value : row) key.push_back(value.value_or(""));
      if (all.insert(key_line(key)).second) found(std::move(key));
    }
    memory.close();
  }
  return all;
}

bool NeededRows::look_up() {
  bool is_new = false;
  for (auto& [table, ways] : ways_) {
    for (Way& way : ways) {
      way.looked_up = std::exchange(way.fresh, {});
      way.found = find(way, [&](std::vector<std::string> key) {
        is_new = add(way.reference, std::move(key)) || is_new;
      });
    }
  }
  return is_new;
}

bool NeededRows::lacks_any() {
  for (const auto& [table, ways] : ways_) {
    for (const Way& way : ways) {
      if (way.found.empty()) continue;
      const std::set<std::string> now = find(way, [](const std::vector<std::string>&) {});
      if (!std::includes(now.begin(), now.end(), way.found.begin(), way.found.end())) return true;
    }
  }
  return false;
}

bool NeededRows::is_needed(TableIndex table, const std::vector<const Column*>& columns,
                           const std::vector<RowValue>& row,
                           const std::set<int16_t>* changing) const {
  const auto needed = needed_.find(table);
  if (needed == needed_.end()) return false;
  for (const auto& [numbers, keys] : needed->second) {
    const auto changes = [&](int16_t number) { return changing->contains(number); };
    if (changing != nullptr && std::none_of(numbers.begin(), numbers.end(), changes)) continue;
    std::vector<std::string> texts;
    for (const int16_t number : numbers) {
      const RowValue* const value = value_of(number, columns, row);
      const Column& column = column_of(live_.table(table), number);
      const Text text = value == nullptr ? Text() : text_form(column, *value);
      if (text) texts.emplace_back(in_form(key_form(column), *text));
    }
    if (texts.size() == numbers.size() && keys.contains({texts.begin(), texts.end()})) return true;
  }
  return false;
}

}  // namespace company_backup
