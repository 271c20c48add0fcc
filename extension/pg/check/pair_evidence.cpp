#include "pg/check/pair_evidence.hpp"

#include <algorithm>

#include "core/scope/scope_sampling.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/module.hpp"
#include "pg/check/short_cells.hpp"

namespace company_backup {
namespace {

constexpr size_t kMostPairs = 300'000;  // values, in all
constexpr uint32_t kLongestPair = 1024;

// The columns as one text, whatever they hold; NULL if one is.
std::string text_of_pair(const Table& table, const std::vector<int16_t>& numbers) {
  std::string text;
  for (const int16_t number : numbers) {
    const Column& column = column_of(table, number);
    text += (text.empty() ? ""
                          : " OPERATOR(pg_catalog.||) pg_catalog.chr(31) "
                            "OPERATOR(pg_catalog.||) ") +
            as_text(column_sql("t", column), column);
  }
  return text;
}

}  // namespace

std::vector<PairEvidence> gather_pairs(const Schema& schema, TableReader& reader) {
  std::vector<PairEvidence> found;
  const std::vector<ColumnPair> pairs = column_pairs(schema);
  if (pairs.empty()) return found;
  const size_t share = std::max<size_t>(kMostPairs / pairs.size(), 50);
  EvidenceCollector collector(std::min(share, static_cast<size_t>(evidence_rows)));
  const auto place_of = [](size_t pair) {
    return SamplePlace{.table = static_cast<TableIndex>(pair)};
  };
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (reader.is_foreign(pairs[i].table) || !reader.is_looked_at(pairs[i].table) ||
        !reader.is_looked_at(pairs[i].target))
      continue;
    reader.read(pairs[i].table, [&] {
      const Table& table = schema.tables[pairs[i].table];
      read_short_cells(
          "SELECT " + text_of_pair(table, pairs[i].columns) + reader.from_sample(pairs[i].table),
          {kLongestPair}, [&](std::span<const Cell> row) {
            if (row[0]) collector.add_value(place_of(i), row[0].text);
            return !reader.is_late();
          });
    });
  }
  std::map<std::pair<TableIndex, std::vector<int16_t>>, int16_t> keys;  // with their numbers
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto number = static_cast<int16_t>(keys.size());
    const ColumnPair& pair = pairs[i];
    if (!collector.knows(place_of(i)) || !keys.insert({{pair.target, pair.key}, number}).second)
      continue;
    reader.read(pair.target, [&] {
      collector.begin_key(pair.target, number);
      reader.scan("SELECT " + text_of_pair(schema.tables[pair.target], pair.key) +
                      reader.from_rows(pair.target),
                  kLongestPair, collector);
    });
  }
  for (const PlaceEvidence& place : collector.finish().places) {
    const ColumnPair& pair = pairs[static_cast<size_t>(place.place.table)];
    const int16_t number = keys.at({pair.target, pair.key});
    PairEvidence evidence{pair, place.values};
    for (const KeyMatch& match : place.matches) {
      if (match.table == pair.target && match.column == number) evidence.matched = match.values;
    }
    found.push_back(std::move(evidence));
  }
  return found;
}

}  // namespace company_backup
