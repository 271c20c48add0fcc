#include "pg/restore/left_out.hpp"

#include <algorithm>
#include <utility>

#include "core/scope/padding.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"
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

// Of another one: row (7) of app.customer.
std::string shown_row(const Table& table, const std::vector<std::string>& key) {
  std::string text;
  for (const std::string& value : key) text += (text.empty() ? "row (" : ", ") + value;
  return text + ") of " + display_table(table);
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

void LeftOutRows::note(const MatchedTable& matched, const std::vector<RowValue>& row,
                       const std::vector<RowValue>* stays) {
  for (const Reference& reference : live_.scope.references) {
    if (reference.target != matched.scoped->table) continue;
    const auto positions = positions_of(matched, reference.target_columns);
    if (!positions) continue;
    if (stays != nullptr && std::all_of(positions->begin(), positions->end(), [&](size_t at) {
          return is_same(row[at], (*stays)[at]);
        })) {
      continue;
    }
    if (!read_key(matched, *positions, row)) continue;
    const Target target = target_of(reference);
    KeySet& keys = keys_[target];
    if (keys.contains(key_)) continue;
    keys.add(key_);
    const auto asked = asked_.find(target);
    missed_ |=
        asked_inside_.contains(target) || (asked != asked_.end() && asked->second.contains(key_));
  }
}

void LeftOutRows::begin_again(std::set<TableIndex> tables) {
  open_ = std::move(tables);
  asked_.clear();
  asked_inside_.clear();
  missed_ = false;
}

void LeftOutRows::finish_table(TableIndex table) {
  open_.erase(table);
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
  const KeySet* keys = &keys_[target_of(reference)];
  if (!reference.json_path.empty() || reference.path || is_list(live_.schema, reference))
    ways.inside_to.insert(target_of(reference));
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
  Ways& ways = ways_of(matched);
  before_ = row;
  for (const Way& way : ways.to_rows) {
    const bool open = open_.contains(way.reference->target);
    if ((way.keys->empty() && !open) || !read_key(matched, way.positions, before_)) continue;
    if (!is_meant(matched, way)) continue;
    if (!way.keys->contains(key_)) {
      if (open) asked_[target_of(*way.reference)].add(key_);
      continue;
    }
    if (way.cleared.empty()) {
      needed_ = shown_row(live_.table(way.reference->target), texts_);
      return Fate::kStaysAway;
    }
    for (const size_t position : way.cleared) row[position] = {};
  }
  for (const Target& target : ways.inside_to)
    if (open_.contains(target.table)) asked_inside_.insert(target);
  if (!ways.inside.empty()) ways.inside.apply(row);
  return std::equal(row.begin(), row.end(), before_.begin(), is_same) ? Fate::kComes
                                                                      : Fate::kChanged;
}

}  // namespace company_backup
