#include "core/scope/scope_pairs.hpp"

#include <algorithm>

#include "core/scope/judgement.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

constexpr uint32_t kEnoughPairs = 5;

bool is_all_keys(const PairEvidence& evidence) {
  PlaceEvidence place;
  place.values = evidence.values;
  KeyMatch match;
  match.values = evidence.matched;
  return evidence.values >= kEnoughPairs && has_all(place, match);
}

// A moment or a UUID is met twice by chance nowhere; small numbers are.
bool is_rare(const Model& model, const ColumnPair& pair) {
  return std::any_of(pair.columns.begin(), pair.columns.end(), [&](int16_t number) {
    const Column& column = column_of(model.table(pair.table), number);
    return column.family == TypeFamily::kUuid || column.type.starts_with("timestamp");
  });
}

bool is_open(const Model& model, const ColumnPair& pair) {
  const auto settled = [&](int16_t number) {
    const auto& soft = model.soft[pair.table];
    const Column& column = column_of(model.table(pair.table), number);
    return model.column_rule(pair.table, column.name) != nullptr ||
           std::any_of(soft.begin(), soft.end(), [&](const SoftReference& other) {
             return std::find(other.columns.begin(), other.columns.end(), number) !=
                    other.columns.end();
           });
  };
  return std::none_of(pair.own.begin(), pair.own.end(), settled);
}

}  // namespace

std::vector<ProvedPair> proved_pairs(const Model& model, TableIndex table) {
  std::vector<ProvedPair> proved;
  for (const PairEvidence& evidence : model.evidence.pairs) {
    const ColumnPair& pair = evidence.pair;
    if (pair.table != table || !is_all_keys(evidence) || !is_open(model, pair)) continue;
    if (!pair.named && !is_rare(model, pair)) continue;
    proved.push_back({&pair, std::to_string(evidence.matched) + " of " +
                                 std::to_string(evidence.values) + " sampled pairs of " +
                                 told_pair(model, pair) + " are keys of " +
                                 display_table(model.table(pair.target))});
  }
  // Of several tables nothing says which.
  const auto is_unclear = [&](const ProvedPair& one) {
    return std::any_of(proved.begin(), proved.end(), [&](const ProvedPair& other) {
      return other.pair != one.pair && other.pair->columns == one.pair->columns;
    });
  };
  std::vector<ProvedPair> clear;
  std::copy_if(proved.begin(), proved.end(), std::back_inserter(clear),
               [&](const ProvedPair& one) { return !is_unclear(one); });
  return clear;
}

std::string told_pair(const Model& model, const ColumnPair& pair) {
  return list(column_names(model.table(pair.table), pair.columns));
}

Statement pair_reference(const Model& model, const ColumnPair& pair) {
  const Table& target = model.table(pair.target);
  const auto is_it = [&](const UniqueIndex& unique) {
    return unique.primary && unique.columns == pair.key;
  };
  const bool primary =
      std::any_of(target.unique_indexes.begin(), target.unique_indexes.end(), is_it);
  return model.statements.reference(
      model.table(pair.table), column_names(model.table(pair.table), pair.columns), target,
      primary ? std::vector<std::string>() : column_names(target, pair.key));
}

}  // namespace company_backup
