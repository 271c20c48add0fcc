#include "core/scope/told_kinds.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "core/scope/judgement.hpp"
#include "core/scope/scope_model.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

constexpr uint32_t kFewPercent = 3;  // of the values, in percent
// That kinds agree with tables is no chance: once in so many bits.
constexpr double kNoChance = 16;

bool is_of_column(const SamplePlace& place) {
  return place.json_path.empty() && place.when_column == 0 && !place.separated;
}

bool is_more(const KeyMatch& match, const PlaceEvidence& place) {
  return uint64_t{100} * match.values > uint64_t{kFewPercent} * place.values;
}

// Keys that have their values from another one that matches, by a foreign key, say nothing.
std::vector<const KeyMatch*> roots_of(const Schema& schema, const PlaceEvidence& place) {
  const auto follows = [&](const KeyMatch& match) {
    return std::any_of(
        schema.foreign_keys.begin(), schema.foreign_keys.end(), [&](const ForeignKey& key) {
          return key.table == match.table && key.columns == std::vector{match.column} &&
                 key.target != match.table &&
                 std::any_of(place.matches.begin(), place.matches.end(),
                             [&](const KeyMatch& other) {
                               return other.table == key.target && other.values >= match.values;
                             });
        });
  };
  std::vector<const KeyMatch*> roots;
  for (const KeyMatch& match : place.matches) {
    const bool is_itself = match.table == place.place.table && match.column == place.place.column;
    if (match.alone && !is_itself && !follows(match)) roots.push_back(&match);
  }
  return roots;
}

bool is_mixed(const Schema& schema, const PlaceEvidence& place) {
  if (place.values == 0 || !are_generated(place)) return false;
  uint32_t several = 0;
  uint64_t found = 0;
  for (const KeyMatch* match : roots_of(schema, place)) {
    if (has_all(place, *match)) return false;
    if (is_more(*match, place)) ++several;
    found += match->values;
  }
  // Beside kinds whose values are no keys. More than there are: some are keys of two tables.
  return several > 1 && 2 * found >= place.values && 20 * found <= uint64_t{21} * place.values;
}

bool is_scope_column(const Schema& schema, const Settings& settings, TableIndex table,
                     const Column& column) {
  const auto& names = settings.scope_columns;
  const bool is_said = std::find(names.begin(), names.end(), column.name) != names.end();
  return is_said ||
         std::any_of(schema.foreign_keys.begin(), schema.foreign_keys.end(),
                     [&](const ForeignKey& key) {
                       return key.table == table && key.columns == std::vector{column.number} &&
                              schema.tables[key.target].schema == settings.company_schema &&
                              schema.tables[key.target].name == settings.company_table;
                     });
}

// What rows of a few companies have in common is no kind; but a row of a table that refers to
// nothing may stand for one.
bool hangs_on_rows(const Schema& schema, TableIndex table, const Column& column) {
  const auto refers = [&](TableIndex target) {
    return std::any_of(schema.foreign_keys.begin(), schema.foreign_keys.end(),
                       [&](const ForeignKey& key) { return key.table == target; });
  };
  return std::any_of(schema.foreign_keys.begin(), schema.foreign_keys.end(),
                     [&](const ForeignKey& key) {
                       return key.table == table &&
                              std::find(key.columns.begin(), key.columns.end(), column.number) !=
                                  key.columns.end() &&
                              refers(key.target);
                     });
}

bool may_tell(const Schema& schema, const Settings& settings, TableIndex table,
              const Column& column) {
  const bool is_plain = column.family == TypeFamily::kText || column.family == TypeFamily::kInteger;
  if (!column.is_enum && !(is_plain && is_own_type(column))) return false;
  if (column.generated || column.identity || column.is_padded()) return false;
  const Table& from = schema.tables[table];
  const auto is_key = [&](const UniqueIndex& unique) {
    return unique.columns == std::vector{column.number};
  };
  return std::none_of(from.unique_indexes.begin(), from.unique_indexes.end(), is_key) &&
         !is_scope_column(schema, settings, table, column) && !hangs_on_rows(schema, table, column);
}

// What the values of one kind say of the column that tells it.
class Telling {
 public:
  Telling(const Schema& schema, const PlaceEvidence& whole) : schema_(schema), whole_(whole) {}

  void see(const PlaceEvidence& kind) {
    ++kinds_;
    clear_ = clear_ && is_clear(kind);
  }

  bool tells() const {
    return clear_ && kinds_ > 1 && kinds_ <= kMostToldKinds && tables_.size() > 1 &&
           bits_ >= kNoChance;
  }

 private:
  bool is_clear(const PlaceEvidence& kind) {
    if (kind.values == 0) return false;
    // Words and small numbers beside generated values are data, but not among them.
    if (!are_generated(kind)) return kind.generated * 10 <= kind.values;
    const std::vector<const KeyMatch*> roots = roots_of(schema_, kind);
    const auto full = [&](const KeyMatch* match) { return has_all(kind, *match); };
    const auto first = std::find_if(roots.begin(), roots.end(), full);
    if (first == roots.end())
      return std::none_of(roots.begin(), roots.end(),
                          [&](const KeyMatch* match) { return is_more(*match, kind); });
    if ((*first)->values < kind.values && roots.size() > 1) return false;
    if (std::count_if(roots.begin(), roots.end(), full) > 1) return true;
    tables_.insert((*first)->table);
    bits_ += (kind.values - 1) * -std::log2(share_of(**first));
    return true;
  }

  // How often a value is a key of this table.
  double share_of(const KeyMatch& match) const {
    for (const KeyMatch& all : whole_.matches) {
      if (all.table == match.table && all.column == match.column)
        return static_cast<double>(all.values) / whole_.values;
    }
    return 1;
  }

  const Schema& schema_;
  const PlaceEvidence& whole_;
  size_t kinds_ = 0;
  bool clear_ = true;
  std::set<TableIndex> tables_;
  double bits_ = 0;  // of surprise that each kind has one table
};

std::vector<int16_t> telling_columns(const Schema& schema, const PlaceEvidence& whole,
                                     std::span<const PlaceEvidence> kinds) {
  std::map<int16_t, Telling> telling;
  for (const PlaceEvidence& kind : kinds) {
    if (kind.place.when_column != 0)
      telling.try_emplace(kind.place.when_column, schema, whole).first->second.see(kind);
  }
  std::vector<int16_t> columns;
  for (const auto& [column, one] : telling) {
    if (one.tells()) columns.push_back(column);
  }
  return columns;
}

}  // namespace

std::vector<MixedColumn> mixed_columns(const Schema& schema, const Settings& settings,
                                       const Evidence& evidence) {
  std::vector<MixedColumn> mixed;
  for (const PlaceEvidence& place : evidence.places) {
    if (!is_of_column(place.place) || !is_mixed(schema, place)) continue;
    const TableIndex index = place.place.table;
    const Table& table = schema.tables[index];
    const Column& column = column_of(table, place.place.column);
    if (!can_hold_id(column) || is_array(column) || table.foreign ||
        type_column(table, column) != nullptr)
      continue;
    MixedColumn found{index, &column};
    for (const Column& other : table.columns) {
      if (&other != &column && may_tell(schema, settings, index, other))
        found.kinds.push_back(&other);
    }
    if (!found.kinds.empty()) mixed.push_back(std::move(found));
  }
  return mixed;
}

void add_told_kinds(const Schema& schema, Evidence& evidence, const Evidence& kinds) {
  std::vector<PlaceEvidence> added;
  std::set<std::pair<TableIndex, int16_t>> seen;
  for (const PlaceEvidence& kind : kinds.places) {
    const std::pair at(kind.place.table, kind.place.column);
    const PlaceEvidence* whole = evidence.find(at.first, at.second);
    if (whole == nullptr || !seen.insert(at).second) continue;
    const auto places = kinds.of(at.first, at.second);
    std::vector<int16_t> by = telling_columns(schema, *whole, places);
    if (by.size() == 1)
      std::copy_if(places.begin(), places.end(), std::back_inserter(added),
                   [&](const PlaceEvidence& one) { return one.place.when_column == by[0]; });
    if (!by.empty()) evidence.told.push_back({at.first, at.second, std::move(by)});
  }
  std::erase_if(evidence.places, [&](const PlaceEvidence& one) {
    const auto* told = evidence.told_kinds(one.place.table, one.place.column);
    return one.place.when_column != 0 && told != nullptr && told->by.size() == 1;
  });
  evidence.places.insert(evidence.places.end(), std::make_move_iterator(added.begin()),
                         std::make_move_iterator(added.end()));
  std::sort(evidence.places.begin(), evidence.places.end(),
            [](const PlaceEvidence& a, const PlaceEvidence& b) { return a.place < b.place; });
}

}  // namespace company_backup
