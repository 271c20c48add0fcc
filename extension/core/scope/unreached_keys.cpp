#include "core/scope/unreached_keys.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "core/scope/document_values.hpp"
#include "core/scope/found_keys.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

// Different values that are all keys: of so many that is no chance where the name agrees, and where
// it does not.
constexpr uint32_t kFew = 3, kMany = 20;

bool is_text(const Column& column) {
  return element_family(column.family) == TypeFamily::kText || column.is_enum;
}

// As a column of texts, which an enum's values are.
Column with_texts(Column column) {
  if (column.is_enum) column.family = TypeFamily::kText;
  return column;
}

}  // namespace

bool UnreachedKeys::ask(TableIndex index) {
  const Table& table = model_.table(index);
  if (table.of_extension) return false;
  for (const auto way :
       {&UnreachedKeys::ask_named, &UnreachedKeys::ask_completed, &UnreachedKeys::ask_texts,
        &UnreachedKeys::ask_documents, &UnreachedKeys::ask_inside, &UnreachedKeys::ask_others,
        &UnreachedKeys::ask_history}) {
    for (const Column& column : table.columns) {
      if (column.generated || is_settled(model_, index, column)) continue;
      if ((this->*way)(index, column)) return true;
    }
  }
  return false;
}

// A column that is named after a key, unless its values are others.
bool UnreachedKeys::ask_named(TableIndex index, const Column& column) {
  const PlaceEvidence* place = values_of(index, column);
  const NamedKey* best = nullptr;
  const std::vector<NamedKey> keys = names_.of(index, with_texts(column));
  for (const NamedKey& key : keys) {
    if (!is_owned(key.table) || !can_be(column, key, place)) continue;
    const auto weight = [&](const NamedKey& one) {
      const Column& its = column_of(model_.table(one.table), one.column);
      return std::tuple(one.by, !one.alone,
                        !same_values(element_family(column.family), its.family));
    };
    if (best == nullptr || weight(key) < weight(*best)) best = &key;
  }
  if (best == nullptr) return false;
  ask_key(index, column, *best, place);
  return true;
}

// All that is taken of the column; null: nothing.
const PlaceEvidence* UnreachedKeys::values_of(TableIndex index, const Column& column) const {
  const PlaceEvidence* place = model_.evidence.find_aside(index, column.number, Aside::kWhole);
  return place == nullptr || place->values == 0 ? nullptr : place;
}

// Does the name alone say that the column holds the key? Backups, which look at no values, go by
// that.
bool UnreachedKeys::is_said(const Column& column, const NamedKey& key) const {
  if (is_companys(column, key)) return true;
  const Column& its = column_of(model_.table(key.table), key.column);
  const bool said = key.by == NamedKey::By::kKey ||
                    (key.by == NamedKey::By::kRow && !is_text(column) &&
                     pick_key(model_.table(key.table)) == std::vector{key.column});
  return said && key.alone && same_values(element_family(column.family), its.family);
}

// A text that is called as the company is.
bool UnreachedKeys::is_companys(const Column& column, const NamedKey& key) const {
  return key.by == NamedKey::By::kRow && key.alone && key.table == model_.company &&
         element_family(column.family) == TypeFamily::kText;
}

// Whether the column can hold the key, as far as names and values say.
bool UnreachedKeys::can_be(const Column& column, const NamedKey& key,
                           const PlaceEvidence* place) const {
  // The keys, or the values, could not be looked at.
  const Column& its = column_of(model_.table(key.table), key.column);
  if (place == nullptr || !is_own_type(its)) return is_said(column, key);
  if (match_of(*place, key) == nullptr) return false;
  // One value that is a key of a table with a common name is soon found.
  return is_said(column, key) || place->values >= kFew;
}

// What is said by the name, and not by the values: somebody has to say that it is data, for those
// who only know the name.
bool UnreachedKeys::ask_others(TableIndex index, const Column& column) {
  const PlaceEvidence* place = values_of(index, column);
  if (place == nullptr) return false;
  std::optional<KeyMatch> most;
  const auto weight = [&](const KeyMatch& match) {
    const Column& its = column_of(model_.table(match.table), match.column);
    return std::pair(match.values, same_values(element_family(column.family), its.family));
  };
  for (const NamedKey& key : names_.of(index, column)) {
    if (!is_owned(key.table) || !is_said(column, key)) continue;
    const KeyMatch match = match_or_none(*place, key.table, key.column);
    if (!most || weight(match) > weight(*most)) most = match;
  }
  if (most) ask_no_key(index, column, *place, *most);
  return most.has_value();
}

KeyMatch UnreachedKeys::match_or_none(const PlaceEvidence& place, TableIndex table,
                                      int16_t column) {
  const auto found = std::find_if(
      place.matches.begin(), place.matches.end(),
      [&](const KeyMatch& match) { return match.table == table && match.column == column; });
  return found == place.matches.end() ? KeyMatch{.table = table, .column = column} : *found;
}

// `most`: of the keys that the name says, the one that has the most values.
void UnreachedKeys::ask_no_key(TableIndex index, const Column& column, const PlaceEvidence& place,
                               const KeyMatch& most) {
  const std::string evidence = told_match(model_, place, most);
  const bool some = most.values > 0;
  const Table& table = model_.table(index);
  model_.error(
      display_table(table),
      "its column " + display_name(column.name) + " is named after a key of companies' rows, but " +
          evidence,
      some ? Statement("")
           : model_.statements.column_rule(table, column.name, ColumnTreatment::kData, true));
  if (!some)
    model_.support(place.values >= kLikelyKeys && model_.evidence.all_keys ? Confidence::kConfident
                                                                           : Confidence::kLikely,
                   evidence);
}

// The key of the rows that those of a history were, whatever its values are: backups, which look at
// none, go by the names.
bool UnreachedKeys::ask_history(TableIndex index, const Column& column) {
  const PlaceEvidence* place = values_of(index, column);
  for (const KeyNames::KeptRow& kept : names_.kept_by(index, column)) {
    if (!kept.said || !is_owned(kept.table)) continue;
    if (place != nullptr) {
      ask_no_key(index, column, *place, match_or_none(*place, kept.table, kept.key));
      return true;
    }
    const Table& target = model_.table(kept.table);
    model_.error(display_table(model_.table(index)),
                 "it is named like a history of " + display_table(target) +
                     ", whose rows belong to companies, and its column " +
                     display_name(column.name) +
                     " like their key; if it refers to them, say set_reference(...), if not, "
                     "set_column_rule(..., 'data')",
                 reference(index, column, {kept.table, kept.key, true}));
    return true;
  }
  return false;
}

// Numbers that nothing makes here, and that are keys of the table that this one is called after.
bool UnreachedKeys::ask_completed(TableIndex index, const Column& column) {
  auto found = completed_row(model_, names_, index, column);
  if (!found) found = kept_row(model_, names_, index, column);
  if (!found || !is_owned(found->key.table)) return false;
  model_.error(display_table(model_.table(index)),
               "by its column " + display_name(column.name) + " " + found->problem +
                   ", which belong to companies; if that is chance, say set_column_rule(..., "
                   "'data')",
               reference(index, column, found->key));
  model_.support(found->confidence, found->evidence);
  return true;
}

void UnreachedKeys::ask_key(TableIndex index, const Column& column, const NamedKey& key,
                            const PlaceEvidence* place) {
  const Table& table = model_.table(index);
  const Table& target = model_.table(key.table);
  const std::string name =
      display_table(target) + "." + display_name(column_of(target, key.column).name);
  const KeyMatch* match = place == nullptr ? nullptr : match_of(*place, key);
  const std::string evidence = match == nullptr ? "" : told_match(model_, *place, *match);
  model_.error(display_table(table),
               "its column " + display_name(column.name) + " is named after " + name +
                   ", of a table of companies' rows" +
                   (evidence.empty() ? "" : ", and " + evidence) +
                   "; if it refers to them, say set_reference(...), if not, "
                   "set_column_rule(..., 'data')",
               reference(index, column, key));
  if (match == nullptr) return;
  const bool likely = place->values >= kLikelyKeys && key.by != NamedKey::By::kPart;
  model_.support(likely ? Confidence::kLikely : Confidence::kGuess,
                 evidence + ", as its name says");
}

// Only to what is unique, and alike.
Statement UnreachedKeys::reference(TableIndex index, const Column& column,
                                   const NamedKey& key) const {
  const Table& target = model_.table(key.table);
  const Column& its = column_of(target, key.column);
  if (!key.alone || !same_values(element_family(column.family), its.family)) return Statement("");
  return model_.statements.reference(model_.table(index), {column.name}, target,
                                     meaning_.named_columns(key.table, {key.column}));
}

// Of what companies' rows many different texts are all keys; null: of nothing, or of others' too.
const KeyMatch* UnreachedKeys::keyed_by(TableIndex index, const PlaceEvidence& place,
                                        size_t& count) const {
  if (place.values < kMany) return nullptr;
  const KeyMatch* found = nullptr;
  for (const KeyMatch& match : place.matches) {
    if (!match.alone || match.table == index || !has_all(place, match)) continue;
    if (!is_owned(match.table)) return nullptr;
    const Column& key = column_of(model_.table(match.table), match.column);
    if (!is_text(key) && !are_generated(place)) continue;
    ++count;
    found = &match;
  }
  return found;
}

// The same in documents, whose names say as much as those of columns.
bool UnreachedKeys::ask_documents(TableIndex index, const Column& column) {
  for (const PlaceEvidence& place : model_.evidence.aside_of(index, column.number))
    if (!place.place.json_path.empty() && ask_document(index, column, place)) return true;
  return false;
}

// The key, a text or a number, that the last name of the place is that of; null: it is of none.
const KeyMatch* UnreachedKeys::named_in_document(TableIndex index, const Column& column,
                                                 const PlaceEvidence& place) const {
  Column member = column;
  member.name = row_name(place.place.json_path);
  for (const TypeFamily family : {TypeFamily::kText, TypeFamily::kInteger}) {
    member.family = family;
    for (const NamedKey& key : names_.of(index, member)) {
      const Column& its = column_of(model_.table(key.table), key.column);
      if (!key.alone || !is_owned(key.table) || !same_values(its.family, family)) continue;
      const KeyMatch* match = match_of(place, key);
      if (match != nullptr && (place.values >= kFew || key.table == model_.company)) return match;
    }
  }
  return nullptr;
}

bool UnreachedKeys::ask_document(TableIndex index, const Column& column,
                                 const PlaceEvidence& place) {
  size_t count = 0;
  const KeyMatch* found = named_in_document(index, column, place);
  const bool named = found != nullptr;
  if (!named) found = keyed_by(index, place, count);
  if (found == nullptr) return false;
  const Table& table = model_.table(index);
  const Table& target = model_.table(found->table);
  const std::string evidence = told_match(model_, place, *found);
  const ReferenceRule rule{.schema = table.schema,
                           .table = table.name,
                           .columns = {column.name},
                           .target_schema = target.schema,
                           .target_table = target.name,
                           .target_columns = meaning_.named_columns(found->table, {found->column}),
                           .json_path = place.place.json_path};
  // Of documents in texts no rule can say so.
  const bool can_say = column.family == TypeFamily::kJson;
  model_.error(
      display_table(table),
      "values of its column " + display_name(column.name) + " at " + place.place.json_path +
          " may refer to rows of companies: " + evidence + "; if they do, say " +
          (can_say ? "set_reference(...)" : "by another column whose its rows are") +
          ", if not, set_column_rule(..., 'data')",
      (named || count == 1) && can_say ? model_.statements.reference(rule) : Statement(""));
  model_.support(Confidence::kGuess, evidence + (named ? ", as its name says" : ""));
  return true;
}

// Many different texts all of which are keys of companies' rows, and of no table of others.
bool UnreachedKeys::ask_texts(TableIndex index, const Column& column) {
  const PlaceEvidence* place = values_of(index, column);
  if (place == nullptr || !is_text(column)) return false;
  size_t count = 0;
  const KeyMatch* found = keyed_by(index, *place, count);
  if (found == nullptr) return false;
  const std::string evidence = told_match(model_, *place, *found);
  const NamedKey key{found->table, found->column, count == 1};
  model_.error(display_table(model_.table(index)),
               "values of its column " + display_name(column.name) +
                   " may refer to rows of companies: " + evidence +
                   "; if they do, say set_reference(...), if not, set_column_rule(..., 'data')",
               reference(index, column, key));
  model_.support(Confidence::kGuess, evidence);
  return true;
}

// No rule can say that an ID inside of a text is a reference: that has to be known.
bool UnreachedKeys::ask_inside(TableIndex index, const Column& column) {
  const PlaceEvidence* place = model_.evidence.find_aside(index, column.number, Aside::kInside);
  if (place == nullptr) return false;
  for (const KeyMatch& match : place->matches) {
    if (match.table == index || !is_owned(match.table)) continue;
    model_.error(display_table(model_.table(index)),
                 "inside of values of its column " + display_name(column.name) + ", " +
                     std::to_string(match.values) + " of " + std::to_string(place->values) +
                     " sampled UUIDs are keys of " + display_table(model_.table(match.table)) +
                     ", which belongs to companies; no rule can say so of a part of a text: say "
                     "by another column whose its rows are, or that they belong to nobody with "
                     "set_column_rule(..., 'data')",
                 "");
    return true;
  }
  return false;
}

}  // namespace company_backup
