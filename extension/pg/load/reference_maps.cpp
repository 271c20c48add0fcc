#include "pg/load/reference_maps.hpp"

#include <algorithm>

#include "core/scope/padding.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"
#include "core/text/json_path.hpp"
#include "pg/load/clearable.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {

void ReferenceMaps::set_company_key(int16_t column, const Text& archived, const Text& here) {
  auto map = std::make_unique<ListedKeys>(1);
  map->set_forms(key_forms(live_.table(live_.scope.company_table), {column}));
  if (archived && here) map->add({*archived}, {*here});
  company_maps_[column] = std::move(map);
}

void ReferenceMaps::settle_outside(const std::vector<MatchedTable>& tables, const Company* target) {
  outside_.emplace(live_, source_, tables, shared_, kinds_,
                   OutsideWay{origin_.same_database, origin_.same_company, target});
}

const KeyMap& ReferenceMaps::company_keys(int16_t column) const {
  const auto found = company_maps_.find(column);
  if (found == company_maps_.end()) {
    throw Error(sqlstate::kInternal, "a key of the company row is not known");
  }
  return *found->second;
}

std::vector<const KeyMap*> ReferenceMaps::maps_of(TableIndex table, int16_t column) {
  std::vector<const KeyMap*> maps;
  for (const ColumnRoot& root : roots_.of(table, column)) {
    maps.push_back(root.table == live_.scope.company_table
                       ? &company_keys(root.column)
                       : &shared_.keys(root.table, {root.column}));
  }
  if (new_ids_ == nullptr) return maps;
  for (const ColumnRoot& origin : roots_.origins(table, column)) {
    if (const KeyMap* map = new_ids_->of(origin)) maps.push_back(map);
  }
  return maps;
}

RowMapper ReferenceMaps::mapper(const MatchedTable& table) {
  RowMapper mapper;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.loaded[i]) continue;
    if (const KeyForm form = key_form(*table.columns[i]); form != KeyForm::kAsPrinted) {
      mapper.set_form(i, form, padded_width(*table.columns[i]).value_or(0));
    }
    for (const KeyMap* map : maps_of(table.scoped->table, table.columns[i]->number)) {
      mapper.map_column(i, map);
    }
  }
  for (const Reference& reference : live_.scope.references) {
    if (reference.table == table.scoped->table) add_reference(mapper, table, reference);
  }
  return mapper;
}

// Does it lead to rows that stay behind and have no counterpart elsewhere? Kept by its rule, it
// would lead back to the company that the archive was made from.
bool ReferenceMaps::is_left_behind(const Reference& reference, const ScopedTable& target) const {
  return !origin_.same_company && target.owned() && !target.travels() &&
         reference.outside != OutsidePolicy::kRefuse;
}

// Where the columns that may become NULL stand.
std::vector<size_t> ReferenceMaps::clearable(const MatchedTable& table,
                                             const Reference& reference) const {
  std::vector<size_t> positions;
  for (const int16_t number : clearable_columns(live_, reference))
    positions.push_back(*position_of(table, number));
  return positions;
}

void ReferenceMaps::leave_behind(RowMapper& mapper, const MatchedTable& table,
                                 const Reference& reference, const std::vector<size_t>& positions,
                                 const std::optional<RowMapper::When>& when) const {
  static const NoKeys kNobody;
  if (!reference.json_path.empty()) {
    mapper.map_json(positions[0], JsonPath::parse(reference.json_path), &kNobody, when);
  } else if (reference.path) {
    mapper.map_path(positions[0], path_ids(live_.schema, reference), &kNobody, when);
  } else if (is_list(live_.schema, reference)) {
    mapper.map_array(positions[0], &kNobody, when);
  } else {
    mapper.clear_columns(clearable(table, reference), when);
  }
}

// In its own company a reference to a row that does not travel comes back if that row is there.
bool ReferenceMaps::comes_back(const Reference& reference, const ScopedTable& target) const {
  return origin_.same_company && target.owned() && !target.travels() &&
         reference.outside == OutsidePolicy::kNull && !reference.soft;
}

// The keys in the archive's rows that no row has here.
const KeyMap& ReferenceMaps::gone_keys(const MatchedTable& table, const Reference& reference,
                                       const std::vector<size_t>& positions) {
  std::unique_ptr<ListedKeys>& gone = gone_[&reference];
  if (gone) return *gone;
  gone = std::make_unique<ListedKeys>(positions.size());
  std::vector<const Column*> columns;
  std::vector<KeyForm> forms;
  for (const size_t position : positions) {
    columns.push_back(table.columns[position]);
    forms.push_back(key_form(*columns.back()));
  }
  gone->set_forms(forms);
  KeyBatch batch(columns);
  std::set<std::string> waiting;
  const auto look_up = [&] {
    batch.clear();
    for (const std::string& line : waiting) batch.add(line);
    waiting.clear();
    if (batch.empty()) return;
    const std::vector<bool> found =
        find_keys({live_.table(reference.target), reference.target_columns, reference.operators},
                  batch, RowLock::kNone);
    for (size_t n = 0; n < found.size(); ++n) {
      if (found[n]) continue;
      const std::vector<std::string> key = batch.key(n);
      gone->add({key.begin(), key.end()}, std::vector<std::string>(key.size()));
    }
  };
  source_.read(table, positions, [&](const std::vector<RowValue>& row) {
    std::vector<std::string> key;
    for (size_t i = 0; i < positions.size(); ++i) {
      Text value = text_form(*columns[i], row[positions[i]]);
      if (!value) return;
      key.push_back(std::move(*value));
    }
    waiting.insert(key_line(key));
    if (waiting.size() >= kKeysPerLookup) look_up();
  });
  look_up();
  return *gone;
}

// Takes out those that are not kept.
void ReferenceMaps::drop_outside(RowMapper& mapper, const MatchedTable& table,
                                 const Reference& reference, const std::vector<size_t>& positions,
                                 const std::optional<RowMapper::When>& when) {
  const KeySet* keys = outside_ ? outside_->dropped(reference) : nullptr;
  if (keys == nullptr) return;
  if (!reference.json_path.empty()) {
    std::unique_ptr<DroppedKeys>& dropped = dropped_[&reference];
    if (!dropped) dropped = std::make_unique<DroppedKeys>(keys);
    return mapper.map_json(positions[0], JsonPath::parse(reference.json_path), dropped.get(), when);
  }
  if (reference.path) {
    return mapper.drop_from_path(positions[0], path_ids(live_.schema, reference), keys, when);
  }
  if (is_list(live_.schema, reference)) return mapper.drop_elements(positions[0], keys, when);
  std::vector<size_t> cleared;
  for (int16_t number : outside_->cleared(reference)) {
    cleared.push_back(*position_of(table, number));
  }
  mapper.drop_keys(positions, keys, std::move(cleared), when);
}

// References that the columns' roots do not cover: several columns at once, elements of arrays
// and paths, conditions, documents.
void ReferenceMaps::add_reference(RowMapper& mapper, const MatchedTable& table,
                                  const Reference& reference) {
  std::vector<size_t> positions;
  for (int16_t number : reference.columns) {
    const std::optional<size_t> position = position_of(table, number);
    if (!position || !table.loaded[*position]) return;
    positions.push_back(*position);
  }
  std::optional<RowMapper::When> when;
  if (!reference.when_column.empty()) {
    when = kinds_.of(table, reference);
    if (!when) return;
  }
  const ScopedTable* target = live_.scope.find(reference.target);
  if (target == nullptr) return;
  if (is_left_behind(reference, *target)) {
    return leave_behind(mapper, table, reference, positions, when);
  }
  drop_outside(mapper, table, reference, positions, when);
  if (comes_back(reference, *target)) {
    mapper.clear_columns(clearable(table, reference), when,
                         RowMapper::Gone{positions, &gone_keys(table, reference, positions)});
  }
  const bool list = is_list(live_.schema, reference);
  if (!when && !list && reference.json_path.empty() && (positions.size() == 1 || target->owned())) {
    return;
  }
  std::vector<const KeyMap*> maps;
  if (target->owned()) {
    if (positions.size() > 1) {
      for (size_t i = 0; i < positions.size(); ++i) {
        for (const KeyMap* map : maps_of(reference.target, reference.target_columns[i])) {
          mapper.map_column(positions[i], map, when);
        }
      }
    } else {
      maps = maps_of(reference.target, reference.target_columns[0]);
      if (has_shared_rows(live_.schema, live_.scope, *target)) {
        maps.push_back(&shared_.keys(reference.target, reference.target_columns));
      }
    }
  } else {
    maps = {&shared_.keys(reference.target, reference.target_columns)};
  }
  for (const KeyMap* map : maps) {
    if (!reference.json_path.empty()) {
      mapper.map_json(positions[0], JsonPath::parse(reference.json_path), map, when);
    } else if (reference.path) {
      mapper.map_path(positions[0], path_ids(live_.schema, reference), map, when);
    } else if (list) {
      mapper.map_array(positions[0], map, when);
    } else {
      mapper.map_columns(positions, map, when);
    }
  }
}

}  // namespace company_backup
