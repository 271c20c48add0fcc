#include "core/scope/found_keys.hpp"

#include <algorithm>

#include "core/scope/judgement.hpp"
#include "core/scope/smell_words.hpp"
#include "core/scope/sql.hpp"
#include "core/scope/treatment.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

constexpr uint32_t kFewKeys = 3;  // so many values say something, where the name says little

const PlaceEvidence* whole(const Model& model, TableIndex table, const Column& column) {
  return model.evidence.find_aside(table, column.number, Aside::kWhole);
}

FoundKey found_key(const Model& model, const PlaceEvidence& place, const NamedKey& key,
                   std::string problem) {
  return {key, std::move(problem), told_match(model, place, *match_of(place, key)),
          place.values >= kLikelyKeys ? Confidence::kLikely : Confidence::kGuess};
}

// "task_status", "product_category": what there is to choose from, counted from 1 like the rows of
// the table that it is called after.
bool is_list_of_choices(const Table& table) {
  return ends_in(
      words_of(table.name),
      {"type",  "kind",     "status",   "state",    "category", "class", "group", "level",
       "stage", "priority", "severity", "reason",   "role",     "unit",  "color", "colour",
       "size",  "label",    "tag",      "template", "method",   "mode",  "format"});
}

}  // namespace

bool is_key_from_elsewhere(const Table& table, const Column& column) {
  if (!is_number_family(column.family) || column.identity || column.has_default || column.generated)
    return false;
  return std::any_of(table.unique_indexes.begin(), table.unique_indexes.end(),
                     [&](const UniqueIndex& unique) {
                       return unique.primary && unique.columns == std::vector{column.number};
                     });
}

const KeyMatch* match_of(const PlaceEvidence& place, const NamedKey& key) {
  const auto found =
      std::find_if(place.matches.begin(), place.matches.end(), [&](const KeyMatch& match) {
        return match.table == key.table && match.column == key.column && has_all(place, match);
      });
  return found == place.matches.end() ? nullptr : &*found;
}

std::string told_match(const Model& model, const PlaceEvidence& place, const KeyMatch& match) {
  const Table& table = model.table(match.table);
  return std::to_string(match.values) + " of " + std::to_string(place.values) +
         " sampled values are values of " + display_table(table) + "." +
         display_name(column_of(table, match.column).name);
}

// Where several tables are called so, the values say nothing: small numbers are in all of them.
std::optional<FoundKey> completed_row(const Model& model, const KeyNames& names, TableIndex table,
                                      const Column& column) {
  const PlaceEvidence* place = whole(model, table, column);
  if (place == nullptr || place->values < kFewKeys) return std::nullopt;
  if (!is_key_from_elsewhere(model.table(table), column)) return std::nullopt;
  std::optional<FoundKey> found;
  for (const TableIndex target : names.completed_by(table)) {
    const std::vector<int16_t> key = pick_key(model.table(target));
    if (key.size() != 1) continue;
    // Where no table makes its numbers, all may count alike.
    if (is_key_from_elsewhere(model.table(target), column_of(model.table(target), key[0])))
      continue;
    const NamedKey named{target, key[0], true};
    const KeyMatch* match = match_of(*place, named);
    if (match == nullptr || match->values < place->values) continue;
    if (found) return std::nullopt;
    found = found_key(model, *place, named,
                      "its rows seem to complete those of " + display_table(model.table(target)) +
                          ", and have their keys");
    if (is_list_of_choices(model.table(table))) found->confidence = Confidence::kGuess;
  }
  return found;
}

std::optional<FoundKey> kept_row(const Model& model, const KeyNames& names, TableIndex table,
                                 const Column& column) {
  const PlaceEvidence* place = whole(model, table, column);
  std::optional<FoundKey> found;
  for (const KeyNames::KeptRow& kept : names.kept_by(table, column)) {
    const NamedKey named{kept.table, kept.key, true};
    const uint32_t fewest = kept.said ? 1 : kFewKeys;
    if (place == nullptr || place->values < fewest || match_of(*place, named) == nullptr) continue;
    if (found) return std::nullopt;
    found = found_key(model, *place, named,
                      "its rows seem to be what those of " +
                          display_table(model.table(kept.table)) + " were, and have their keys");
    if (is_list_of_choices(model.table(table))) found->confidence = Confidence::kGuess;
  }
  return found;
}

std::optional<FoundKey> company_key(const Model& model, const KeyNames& names, TableIndex table,
                                    const Column& column) {
  const std::vector<std::string>& said = model.rules.settings.scope_columns;
  const bool is_said = std::find(said.begin(), said.end(), column.name) != said.end();
  if (table == model.company || is_said) return std::nullopt;
  auto found = named_key(model, names, table, column, model.company);
  if (found) found->problem += ", of which a copy of a company has another";
  return found;
}

std::optional<FoundKey> renewed_key(const Model& model, const KeyNames& names, TableIndex table,
                                    const Column& column) {
  auto found = named_key(model, names, table, column);
  if (!found) return std::nullopt;
  const Table& target = model.table(found->key.table);
  const std::string& key = column_of(target, found->key.column).name;
  const ColumnRule* rule = model.column_rule(found->key.table, key);
  if (rule == nullptr || !gives_new_values(rule->treatment)) return std::nullopt;
  found->problem += ", which copies get anew";
  return found;
}

std::optional<FoundKey> named_key(const Model& model, const KeyNames& names, TableIndex table,
                                  const Column& column, TableIndex company) {
  const PlaceEvidence* place = whole(model, table, column);
  if (place == nullptr || place->values == 0) return std::nullopt;
  for (const NamedKey& key : names.of(table, column)) {
    const Column& its = column_of(model.table(key.table), key.column);
    const bool is_named = company == kNoTable
                              ? key.by == NamedKey::By::kKey
                              : key.table == company && key.by != NamedKey::By::kPart;
    if (!is_named || !key.alone || !same_values(element_family(column.family), its.family) ||
        match_of(*place, key) == nullptr)
      continue;
    return found_key(model, *place, key,
                     "its values are those of " + display_table(model.table(key.table)) + "." +
                         display_name(its.name));
  }
  return std::nullopt;
}

}  // namespace company_backup
