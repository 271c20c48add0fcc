#include "pg/check/kind_evidence.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "core/scope/told_kinds.hpp"
#include "pg/base/module.hpp"
#include "pg/check/short_cells.hpp"

namespace company_backup {
namespace {

// A column that is NULL beside a value, is long, or has many values, tells no kinds.
void sample_kinds(const TableReader& reader, const MixedColumn& mixed, EvidenceCollector& collector,
                  std::set<std::tuple<TableIndex, int16_t, int16_t>>& none) {
  CellList cells;
  cells.add(value_sql("t", *mixed.column), kLongestId);
  for (const Column* kind : mixed.kinds) cells.add(column_sql("t", *kind), kLongestKind);
  std::vector<std::set<std::string, std::less<>>> values(mixed.kinds.size());
  std::vector<bool> out(mixed.kinds.size(), false);
  SamplePlace place{.table = mixed.table, .column = mixed.column->number};
  const auto take = [&](std::span<const Cell> row) {
    if (row[0].state == Cell::State::kTooLong) out.assign(out.size(), true);  // it holds texts
    for (size_t i = 0; row[0] && i < out.size(); ++i) {
      const Cell& kind = row[i + 1];
      if (out[i]) continue;
      if (kind) values[i].emplace(kind.text);
      out[i] = !kind || values[i].size() > kMostToldKinds;
      if (out[i]) continue;
      place.when_column = mixed.kinds[i]->number;
      place.when_value = kind.text;
      collector.add_value(place, row[0].text);
    }
    return !reader.is_late() && std::find(out.begin(), out.end(), false) != out.end();
  };
  read_short_cells("SELECT " + cells.list + reader.from_sample(mixed.table), cells.longest, take);
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i]) none.insert({mixed.table, mixed.column->number, mixed.kinds[i]->number});
  }
}

}  // namespace

void tell_kinds(const Schema& schema, const Settings& settings, TableReader& reader,
                Evidence& evidence) {
  std::vector<MixedColumn> mixed = mixed_columns(schema, settings, evidence);
  std::set<std::pair<TableIndex, int16_t>> keys;
  std::erase_if(mixed, [&](const MixedColumn& one) {
    const auto& matches = evidence.find(one.table, one.column->number)->matches;
    if (reader.is_foreign(one.table) ||
        std::any_of(matches.begin(), matches.end(),
                    [&](const KeyMatch& match) { return reader.is_foreign(match.table); }))
      return true;
    for (const KeyMatch& match : matches) {
      if (match.alone) keys.insert({match.table, match.column});
    }
    return false;
  });
  if (mixed.empty()) return;
  size_t places = 0;
  for (const MixedColumn& one : mixed) places += one.kinds.size() * kMostToldKinds;
  const size_t share = std::max<size_t>(EvidenceCollector::kMostInAll / places, 100);
  EvidenceCollector collector(std::min(share, static_cast<size_t>(evidence_rows)));
  std::set<std::tuple<TableIndex, int16_t, int16_t>> none;  // that tell no kinds
  bool is_read = true;
  for (const MixedColumn& one : mixed) {
    is_read =
        is_read &&
        reader.try_to_read(one.table, [&] { sample_kinds(reader, one, collector, none); }).empty();
    collector.end_places();
  }
  for (const auto& key : keys) {
    const TableIndex table = key.first;
    const int16_t column = key.second;
    if (!is_read) break;
    is_read =
        reader
            .try_to_read(table,
                         [&] {
                           collector.begin_key(table, column);
                           reader.scan("SELECT " +
                                           value_sql("t", column_of(schema.tables[table], column)) +
                                           reader.from_rows(table),
                                       kLongestId, collector);
                         })
            .empty();
  }
  if (!is_read) {
    for (const MixedColumn& one : mixed)
      reader.note_unread({one.table,
                          "its values are keys of several tables; which column tells of which, "
                          "could not be looked at",
                          one.column->number});
    return;
  }
  Evidence kinds = collector.finish();
  std::erase_if(kinds.places, [&](const PlaceEvidence& kind) {
    const SamplePlace& at = kind.place;
    return none.contains({at.table, at.column, at.when_column});
  });
  forget_followers(schema, kinds);
  add_told_kinds(schema, evidence, kinds);
}

}  // namespace company_backup
