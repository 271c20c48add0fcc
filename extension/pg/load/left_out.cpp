#include "pg/load/left_out.hpp"

#include <algorithm>
#include <utility>

#include "core/scope/padding.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"
#include "core/text/json_path.hpp"
#include "pg/load/clearable.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

// Where columns stand in a row; nullopt: not all of them do.
std::optional<std::vector<size_t>> all_positions_of(const MatchedTable& matched,
                                                    const std::vector<int16_t>& numbers) {
  std::vector<size_t> positions;
  for (const int16_t number : numbers) {
    const std::optional<size_t> position = position_of(matched, number);
    if (!position) return std::nullopt;
    positions.push_back(*position);
  }
  return positions;
}

// Keys that become kNoKey in documents. There may be none yet.
class LeftKeys final : public KeyMap {
 public:
  explicit LeftKeys(const KeySet* keys) : keys_(keys) {}
  size_t width() const override { return keys_.width(); }
  bool is_identity() const override { return false; }
  bool find(const std::vector<std::string_view>& key,
            std::vector<std::string>& new_key) const override {
    return keys_.find(key, new_key);
  }

 private:
  const DroppedKeys keys_;
};

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

// Calls `at` with each key of the row that references may lead to, in texts_ and key_, but for
// those that `stays` has as well.
void LeftOutRows::each_key(const MatchedTable& matched, const std::vector<RowValue>& row,
                           const std::vector<RowValue>* stays,
                           const std::function<void(Left&)>& at) {
  for (const auto& [left, positions] : ways_of(matched).keys) {
    const bool is_there =
        stays != nullptr && std::all_of(positions.begin(), positions.end(), [&](size_t position) {
          return is_same(row[position], (*stays)[position]);
        });
    if (!is_there && read_key(matched, positions, row)) at(*left);
  }
}

// The key in key_.
void LeftOutRows::note_key(Left& left) {
  if (left.noted.contains(key_)) return;
  left.noted.add(key_);
  left.keys.add(key_);
  left.listed.push_back(texts_);
  missed_ |= !left.believed.contains(key_) && (left.asked_inside || left.asked.contains(key_));
}

void LeftOutRows::note(const MatchedTable& matched, const std::vector<RowValue>& row,
                       const std::vector<RowValue>* stays) {
  each_key(matched, row, stays, [this](Left& left) { note_key(left); });
}

// What rows would not come, as far as they were remembered: for the next time.
void LeftOutRows::close_over() {
  std::vector<std::pair<Left*, Key>> found;
  for (auto& [target, left] : left_) {
    for (const Key& key : left.listed) found.emplace_back(&left, key);
  }
  std::vector<bool> is_out(rows_.size());
  std::string joined;
  for (size_t i = 0; i < found.size(); ++i) {
    key_.assign(found[i].second.begin(), found[i].second.end());
    join_key(key_, joined);
    const auto [first, last] = found[i].first->asking.equal_range(joined);
    for (auto asking = first; asking != last; ++asking) {
      if (is_out[asking->second]) continue;
      is_out[asking->second] = true;
      for (const auto& key : rows_[asking->second]) found.push_back(key);
    }
  }
  for (auto& [target, left] : left_) left = {};
  for (auto& [left, key] : found) {
    left->believed.add({key.begin(), key.end()});
    left->expected.push_back(std::move(key));
  }
  for (auto& [target, left] : left_) left.keys = left.believed;
}

void LeftOutRows::begin_again(std::set<TableIndex> tables) {
  close_over();
  rows_.clear();
  open_ = std::move(tables);
  missed_ = false;
  ++times_;
}

void LeftOutRows::finish_table(TableIndex table) {
  open_.erase(table);
  for (auto& [target, left] : left_) {
    if (target.table != table) continue;
    const auto is_wrong = [&left = left](const Key& key) {
      return !left.noted.contains({key.begin(), key.end()});
    };
    const std::vector<Key>& trusted = left.asked_inside ? left.expected : left.trusted;
    missed_ |= std::any_of(trusted.begin(), trusted.end(), is_wrong);
    left.keys = left.noted;
  }
}

void LeftOutRows::end() {
  rows_.clear();
  for (auto& [target, left] : left_) left.asking.clear();
  times_ = 0;
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

// May rows of `from` refer to such of `table`, or to others that do?
bool LeftOutRows::leads_to(TableIndex from, TableIndex table) const {
  std::set<TableIndex> seen{from};
  std::vector<TableIndex> waiting{from};
  while (!waiting.empty()) {
    const TableIndex at = waiting.back();
    waiting.pop_back();
    if (at == table) return true;
    for (const Reference& reference : live_.scope.references)
      if (reference.table == at && seen.insert(reference.target).second)
        waiting.push_back(reference.target);
  }
  return false;
}

void LeftOutRows::add_way(Ways& ways, const MatchedTable& matched, const Reference& reference) {
  const auto positions = all_positions_of(matched, reference.columns);
  if (!positions) return;
  std::optional<RowMapper::When> when;
  if (!reference.when_column.empty()) {
    const Column* kind = find_column(*matched.table, reference.when_column);
    const auto at = kind == nullptr ? std::nullopt : position_of(matched, kind->number);
    if (!at) return;
    when = RowMapper::When{*at, reference.when_value, kind->is_padded()};
  }
  for (const size_t position : *positions) {
    const KeyForm form = key_form(*matched.columns[position]);
    if (form != KeyForm::kAsPrinted) ways.inside.set_form(position, form);
  }
  Left* const left = &left_[target_of(reference)];
  const KeySet* const keys = &left->keys;
  if (!reference.json_path.empty() || reference.path || is_list(live_.schema, reference))
    ways.inside_to.insert(target_of(reference));
  if (!reference.json_path.empty()) {
    ways.maps.push_back(std::make_unique<LeftKeys>(keys));
    return ways.inside.map_json((*positions)[0], JsonPath::parse(reference.json_path),
                                ways.maps.back().get(), when);
  }
  if (reference.path) {
    return ways.inside.drop_from_path((*positions)[0], path_ids(live_.schema, reference), keys,
                                      when);
  }
  if (is_list(live_.schema, reference))
    return ways.inside.drop_elements((*positions)[0], keys, when);
  Way way{&reference, left, *positions, {}, when};
  way.is_tied = leads_to(reference.target, reference.table);
  if (!is_needed(reference)) {
    for (const int16_t number : clearable_columns(live_, reference))
      way.cleared.push_back(*position_of(matched, number));
  }
  ways.to_rows.push_back(std::move(way));
}

LeftOutRows::Ways& LeftOutRows::ways_of(const MatchedTable& matched) {
  const auto [known, added] = ways_.try_emplace(matched.scoped->table);
  if (!added) return known->second;
  std::set<Target> targets;
  for (const Reference& reference : live_.scope.references) {
    if (reference.table == matched.scoped->table) add_way(known->second, matched, reference);
    if (reference.target != matched.scoped->table) continue;
    const auto positions = all_positions_of(matched, reference.target_columns);
    if (positions && targets.insert(target_of(reference)).second)
      known->second.keys.emplace_back(&left_[target_of(reference)], *positions);
  }
  return known->second;
}

// Is the row of the kind for which the way leads there?
bool LeftOutRows::is_meant(const MatchedTable& matched, const Way& way) const {
  if (!way.when) return true;
  const Column& kind = *matched.columns[way.when->position];
  const Text text = text_form(kind, before_[way.when->position]);
  return text && in_form(key_form(kind), *text) == way.when->value;
}

// Is the row with the key in key_ left out? `open`: not all is known of its table.
bool LeftOutRows::is_left(const Way& way, bool open) {
  Left& left = *way.left;
  const bool is_left = left.keys.contains(key_);
  if (!open) return is_left;
  if (!is_left) left.asked.add(key_);
  if (is_left && !left.noted.contains(key_)) left.trusted.push_back(texts_);
  return is_left;
}

// The row in before_, which comes as far as is known.
void LeftOutRows::remember(const MatchedTable& matched, const std::vector<RowValue>* stays,
                           const std::vector<std::pair<Left*, Key>>& needed) {
  AskingRow keys;
  each_key(matched, before_, stays, [&](Left& left) { keys.emplace_back(&left, texts_); });
  if (keys.empty()) return;
  std::string joined;
  for (const auto& [left, key] : needed) {
    key_.assign(key.begin(), key.end());
    join_key(key_, joined);
    left->asking.emplace(joined, rows_.size());
  }
  rows_.push_back(std::move(keys));
}

LeftOutRows::Fate LeftOutRows::look_at(const MatchedTable& matched, std::vector<RowValue>& row,
                                       const std::vector<RowValue>* stays) {
  Ways& ways = ways_of(matched);
  before_ = row;
  std::vector<std::pair<Left*, Key>> needed;
  for (const Way& way : ways.to_rows) {
    const bool open = open_.contains(way.reference->target);
    const bool remembers = times_ > 1 && way.cleared.empty() && (open || way.is_tied);
    if (way.left->keys.empty() && !open && !remembers) continue;
    if (!read_key(matched, way.positions, before_)) continue;
    if (!is_meant(matched, way)) continue;
    if (!is_left(way, open)) {
      if (remembers) needed.emplace_back(way.left, texts_);
      continue;
    }
    if (way.cleared.empty()) {
      needed_ =
          "row " + shown_key(texts_) + " of " + display_table(live_.table(way.reference->target));
      return Fate::kStaysAway;
    }
    for (const size_t position : way.cleared) row[position] = {};
  }
  if (!needed.empty()) remember(matched, stays, needed);
  for (const Target& target : ways.inside_to)
    if (open_.contains(target.table)) left_[target].asked_inside = true;
  if (!ways.inside.empty()) ways.inside.apply(row);
  return std::equal(row.begin(), row.end(), before_.begin(), is_same) ? Fate::kComes
                                                                      : Fate::kChanged;
}

}  // namespace company_backup
