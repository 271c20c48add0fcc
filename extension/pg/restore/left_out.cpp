#include "pg/restore/left_out.hpp"

#include <algorithm>

#include "core/scope/padding.hpp"
#include "core/scope/path_rules.hpp"
#include "core/text/json_path.hpp"
#include "pg/load/clearable.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

// Where columns stand in a row; nullopt: not all of them do.
std::optional<std::vector<size_t>> positions_of(const MatchedTable& matched,
                                                const std::vector<int16_t>& numbers) {
  std::vector<size_t> positions;
  for (const int16_t number : numbers) {
    const std::optional<size_t> position = position_of(matched, number);
    if (!position) return std::nullopt;
    positions.push_back(*position);
  }
  return positions;
}

bool is_same(const RowValue& a, const RowValue& b) {
  return a.kind == b.kind && a.text == b.text;
}

}  // namespace

// Into key_. False: one of the values is NULL.
bool LeftOutRows::read_key(const MatchedTable& matched, const std::vector<size_t>& positions,
                           const std::vector<RowValue>& row) {
  texts_.clear();
  for (const size_t position : positions) {
    const Column& column = *matched.columns[position];
    const Text text = text_form(column, row[position]);
    if (!text) return false;
    texts_.emplace_back(in_form(key_form(column), *text));
  }
  key_.assign(texts_.begin(), texts_.end());
  return true;
}

void LeftOutRows::note(const MatchedTable& matched, const std::vector<RowValue>& row) {
  for (const Reference& reference : live_.scope.references) {
    if (reference.target != matched.scoped->table) continue;
    const auto positions = positions_of(matched, reference.target_columns);
    if (!positions || !read_key(matched, *positions, row)) continue;
    keys_[{reference.target, reference.target_columns}].add(key_);
  }
}

bool LeftOutRows::is_tied_to_itself(TableIndex table) const {
  const auto& references = live_.scope.references;
  return std::any_of(references.begin(), references.end(), [&](const Reference& reference) {
    return reference.table == table && reference.target == table;
  });
}

// Does the row go where what it leads to goes?
bool LeftOutRows::is_needed(const Reference& reference) const {
  const std::vector<RouteStep> routes = all_steps(*live_.scope.find(reference.table));
  const bool is_route = std::any_of(routes.begin(), routes.end(), [&](const RouteStep& step) {
    return step.name == reference.name;
  });
  const auto& keys = live_.schema.foreign_keys;
  const bool cascades = std::any_of(keys.begin(), keys.end(), [&](const ForeignKey& key) {
    return !reference.soft && key.table == reference.table && key.name == reference.name &&
           key.on_delete == 'c';
  });
  return is_route || cascades;
}

void LeftOutRows::add_way(Ways& ways, const MatchedTable& matched, const Reference& reference) {
  const auto positions = positions_of(matched, reference.columns);
  if (!positions) return;
  std::optional<RowMapper::When> when;
  if (!reference.when_column.empty()) {
    const Column* kind = find_column(*matched.table, reference.when_column);
    const auto at = kind == nullptr ? std::nullopt : position_of(matched, kind->number);
    if (!at) return;
    when = RowMapper::When{*at, reference.when_value, kind->is_padded()};
  }
  const KeySet* keys = &keys_[{reference.target, reference.target_columns}];
  if (!reference.json_path.empty()) {
    ways.maps.push_back(std::make_unique<DroppedKeys>(keys));
    return ways.inside.map_json((*positions)[0], JsonPath::parse(reference.json_path),
                                ways.maps.back().get(), when);
  }
  if (reference.path) {
    return ways.inside.drop_from_path((*positions)[0], path_ids(live_.schema, reference), keys,
                                      when);
  }
  if (is_list(live_.schema, reference))
    return ways.inside.drop_elements((*positions)[0], keys, when);
  Way way{&reference, keys, *positions, {}, when};
  if (!is_needed(reference)) {
    for (const int16_t number : clearable_columns(live_, reference))
      way.cleared.push_back(*position_of(matched, number));
  }
  ways.to_rows.push_back(std::move(way));
}

LeftOutRows::Ways& LeftOutRows::ways_of(const MatchedTable& matched) {
  const auto [known, added] = ways_.try_emplace(matched.scoped->table);
  if (!added) return known->second;
  for (const Reference& reference : live_.scope.references)
    if (reference.table == matched.scoped->table) add_way(known->second, matched, reference);
  return known->second;
}

// Is the row of the kind for which the way leads there?
bool LeftOutRows::is_meant(const MatchedTable& matched, const Way& way) const {
  if (!way.when) return true;
  const Column& kind = *matched.columns[way.when->position];
  const Text text = text_form(kind, before_[way.when->position]);
  return text && in_form(key_form(kind), *text) == way.when->value;
}

LeftOutRows::Fate LeftOutRows::look_at(const MatchedTable& matched, std::vector<RowValue>& row) {
  if (keys_.empty()) return Fate::kComes;
  Ways& ways = ways_of(matched);
  before_ = row;
  for (const Way& way : ways.to_rows) {
    if (way.keys->empty() || !read_key(matched, way.positions, before_)) continue;
    if (!way.keys->contains(key_) || !is_meant(matched, way)) continue;
    if (way.cleared.empty()) return Fate::kStaysAway;
    for (const size_t position : way.cleared) row[position] = {};
  }
  if (!ways.inside.empty()) ways.inside.apply(row);
  return std::equal(row.begin(), row.end(), before_.begin(), is_same) ? Fate::kComes
                                                                      : Fate::kChanged;
}

}  // namespace company_backup
