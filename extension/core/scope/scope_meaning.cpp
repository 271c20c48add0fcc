#include "core/scope/scope_meaning.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/scope/document_values.hpp"
#include "core/scope/smells.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

bool is_whole(const ColumnMeaning::ProvedPlace& proved) {
  return proved.place->place.when_column == 0 && proved.place->place.json_path.empty();
}

bool is_one_of(const std::vector<int16_t>& columns, int16_t column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

}  // namespace

ColumnMeaning::ColumnMeaning(const Model& model)
    : model_(model), company_names_(model), nouns_(model.schema) {
  for (const ForeignKey& key : model.schema.foreign_keys) {
    if (key.columns.size() != 1) continue;
    const std::string& name = column_of(model.table(key.table), key.columns[0]).name;
    const auto [known, added] = targets_by_name_.emplace(name, key.target);
    if (!added && known->second != key.target) known->second = kNoTable;
    ++keys_by_name_[name];
  }
}

bool ColumnMeaning::same_family(const Column& column, const Column& key) {
  return same_values(element_family(column.family), key.family);
}

bool ColumnMeaning::holds_numbers(const Column& column, const Column& key) {
  const TypeFamily family = element_family(column.family);
  return is_number_family(key.family) && (is_number_family(family) || family == TypeFamily::kText);
}

TableIndex ColumnMeaning::named_table(TableIndex table, const Column& column, Fits fits) const {
  return table_named(table, column.name, &column, fits);
}

// `column`: what has to fit; null: anything does.
TableIndex ColumnMeaning::table_named(TableIndex near, const std::string& name,
                                      const Column* column, Fits fits) const {
  const auto stem = id_stem(name);
  if (!stem) return kNoTable;
  for (size_t start = 0;;) {
    const std::vector<TableIndex> found = tables_named(near, stem->substr(start), column, fits);
    if (!found.empty()) return found.size() == 1 ? found[0] : kNoTable;
    start = stem->find('_', start);
    if (start++ == std::string::npos) return kNoTable;
  }
}

std::vector<TableIndex> ColumnMeaning::tables_named(TableIndex near, const std::string& noun,
                                                    const Column* column, Fits fits) const {
  std::vector<TableIndex> found = nouns_.tables(noun);
  std::erase_if(found, [&](TableIndex target) {
    const Column* key = only_key(target);
    return key == nullptr || (column != nullptr && !fits(*column, *key));
  });
  const auto elsewhere = [&](TableIndex target) {
    return model_.table(target).schema != model_.table(near).schema;
  };
  // Of equal names in several schemas, the one next to it.
  if (found.size() > 1 && !std::all_of(found.begin(), found.end(), elsewhere))
    std::erase_if(found, elsewhere);
  return found;
}

// The column that alone is the table's key; null: there is none.
const Column* ColumnMeaning::only_key(TableIndex target) const {
  const std::vector<int16_t> key = pick_key(model_.table(target));
  return key.size() == 1 ? &column_of(model_.table(target), key[0]) : nullptr;
}

TableIndex ColumnMeaning::namesake_target(const std::string& column) const {
  const auto found = targets_by_name_.find(column);
  return found == targets_by_name_.end() ? kNoTable : found->second;
}

bool ColumnMeaning::holds_all(const PlaceEvidence& place, TableIndex table) const {
  return std::any_of(place.matches.begin(), place.matches.end(), [&](const KeyMatch& match) {
    return match.alone && match.table == table && has_all(place, match);
  });
}

bool ColumnMeaning::is_among_keys(const PlaceEvidence& place,
                                  const std::function<bool(TableIndex)>& counts) const {
  const bool proves = place.generated * 10 >= place.values * 9;
  const Column& column = column_of(model_.table(place.place.table), place.place.column);
  if (!proves && (!place.place.json_path.empty() || !nouns_.said_stem(column))) return false;
  return std::any_of(place.matches.begin(), place.matches.end(), [&](const KeyMatch& match) {
    return match.alone && match.table != place.place.table && counts(match.table) &&
           (proves || has_all(place, match));
  });
}

// Who did something is one of the people: of the tables of people that have all the values, the one
// that most others refer to.
TableIndex ColumnMeaning::people_among(const PlaceEvidence& place) const {
  TableIndex found = kNoTable;
  const auto weight = [&](TableIndex table) {
    return std::pair(model_.keys_to[table].size(), -words_of(model_.table(table).name).size());
  };
  for (const KeyMatch& match : place.matches) {
    if (!holds_all(place, match.table) || !looks_like_people(model_.table(match.table))) continue;
    if (found == kNoTable || weight(match.table) > weight(found)) found = match.table;
  }
  return found;
}

// The one table whose name ends like the column's, and that has all the values: captain_assistants
// for assistant_id, zerver_message for last_message_id.
TableIndex ColumnMeaning::ending_among(const PlaceEvidence& place, const std::string& name) const {
  const auto stem = id_stem(name);
  if (!stem) return kNoTable;
  for (size_t start = 0;;) {
    const TableIndex found = only_ending_in(place, "_" + stem->substr(start));
    if (found != kNoTable) return found;
    start = stem->find('_', start);
    if (start++ == std::string::npos) return kNoTable;
  }
}

TableIndex ColumnMeaning::only_ending_in(const PlaceEvidence& place,
                                         const std::string& ending) const {
  TableIndex found = kNoTable;
  for (const KeyMatch& match : place.matches) {
    if (match.table == found || !holds_all(place, match.table)) continue;
    const auto forms = noun_forms(plain_name(model_.table(match.table).name));
    const auto ends = [&](const std::string& form) { return form.ends_with(ending); };
    if (std::none_of(forms.begin(), forms.end(), ends)) continue;
    if (found != kNoTable) return kNoTable;
    found = match.table;
  }
  return found;
}

// Do other tables that have all the values end like the column, too?
bool ColumnMeaning::ends_like_others(const PlaceEvidence& place, const std::string& name,
                                     TableIndex table) const {
  const std::vector<std::string> words = words_of(id_stem(name).value_or(""));
  if (words.empty()) return false;
  return std::any_of(place.matches.begin(), place.matches.end(), [&](const KeyMatch& match) {
    if (match.table == table || !holds_all(place, match.table)) return false;
    const auto forms = noun_forms(plain_name(model_.table(match.table).name));
    return std::any_of(forms.begin(), forms.end(),
                       [&](const std::string& form) { return form.ends_with("_" + words.back()); });
  });
}

// "parent_id": a row of the table itself, if they all are.
bool ColumnMeaning::names_itself(const PlaceEvidence& place, const std::string& name) const {
  return names_row_of_its_own(name) && holds_all(place, place.place.table);
}

bool ColumnMeaning::names_row_of_its_own(const std::string& column) {
  static constexpr std::string_view kRows[] = {
      "parent", "root",        "ancestor",  "previous", "next",      "original", "predecessor",
      "source", "replacement", "duplicate", "reply",    "successor", "child",    "base"};
  const auto stem = id_stem(column);
  if (!stem) return false;
  const std::vector<std::string> words = words_of(*stem);
  const auto names_row = [&](const std::string& word) {
    return std::find(std::begin(kRows), std::end(kRows), word) != std::end(kRows);
  };
  return std::any_of(words.begin(), words.end(), names_row);
}

// "invoice_versions": what the rows of another table were.
TableIndex ColumnMeaning::kept_table(TableIndex index) const {
  const std::string name = plain_name(model_.table(index).name);
  const size_t end = name.rfind('_');
  if (end == std::string::npos) return kNoTable;
  static constexpr std::string_view kKeepers[] = {"journal",  "version", "history", "revision",
                                                  "snapshot", "archive", "audit"};
  const auto forms = noun_forms(name.substr(end + 1));
  if (std::none_of(forms.begin(), forms.end(), [](const std::string& form) {
        return std::find(std::begin(kKeepers), std::end(kKeepers), form) != std::end(kKeepers);
      }))
    return kNoTable;
  const auto found = tables_named(index, name.substr(0, end), nullptr, same_family);
  return found.size() == 1 && found[0] != index ? found[0] : kNoTable;
}

// What the column of this name refers to in the table whose rows these were.
TableIndex ColumnMeaning::kept_target(const PlaceEvidence& place, const Column& column) const {
  const TableIndex kept = kept_table(place.place.table);
  if (kept == kNoTable) return kNoTable;
  const Column* same = find_column(model_.table(kept), column.name);
  if (same == nullptr)
    return names_row_of_its_own(column.name) && holds_all(place, kept) ? kept : kNoTable;
  const std::vector<int16_t> alone{same->number};
  for (const ForeignKey* key : model_.keys_of[kept])
    if (key->columns == alone) return key->target;
  for (const SoftReference& soft : model_.soft[kept])
    if (soft.columns == alone && soft.when_column == 0 && soft.can_route) return soft.target;
  return kNoTable;
}

// The table that the place is named after.
TableIndex ColumnMeaning::suggested(const PlaceEvidence& place) const {
  const SamplePlace& at = place.place;
  const Column& column = column_of(model_.table(at.table), at.column);
  if (at.when_column != 0) {
    for (const std::string& noun : nouns_of_kind(at.when_value)) {
      const auto found = tables_named(at.table, noun, nullptr, same_family);
      if (found.size() == 1) return found[0];
    }
    return kind_of_own(at);
  }
  if (!at.json_path.empty())
    return table_named(at.table, last_name(at.json_path), nullptr, same_family);
  if (company_names_.match(column)) return model_.company;
  TableIndex named = table_named(at.table, column.name, nullptr, same_family);
  // "related_category_id" in related_categories is called like the table, and is a category.
  if (const size_t part = column.name.find('_');
      named == at.table && !holds_all(place, named) && part != std::string::npos)
    named = table_named(at.table, column.name.substr(part + 1), nullptr, same_family);
  if (named != kNoTable) return named;
  if (const auto odd = nouns_.stem(column); odd && !id_stem(column.name)) {
    const auto found = tables_named(at.table, *odd, &column, same_family);
    if (found.size() == 1 && found[0] != at.table) return found[0];
  }
  if (names_composite(column.name)) return kNoTable;
  const TableIndex kept = kept_target(place, column);
  if (kept != kNoTable) return kept;
  const TableIndex namesake = namesake_target(column.name);
  const TableIndex ending = ending_among(place, column.name);
  if (namesake != kNoTable && only_key(namesake) != nullptr &&
      same_family(column, *only_key(namesake)))
    return ends_like_others(place, column.name, namesake) ? kNoTable : namesake;
  if (ending != kNoTable) return ending;
  const TableIndex of_key = nouns_.table_of_key(column.name);
  const bool inherits = model_.table(at.table).is_child;  // the parent has its rows, too
  if (of_key != kNoTable && of_key != at.table && !inherits) return of_key;
  if (names_itself(place, column.name)) return at.table;
  return names_doer(column) ? people_among(place) : kNoTable;
}

bool ColumnMeaning::is_external(const std::string& column) const {
  return names_external_id(column) && nouns_.tables(id_stem(column).value_or("")).empty();
}

// Rows that have that name can be told apart only by several columns: no other table is meant.
bool ColumnMeaning::names_composite(const std::string& column) const {
  const auto stem = id_stem(column);
  if (!stem) return false;
  const std::vector<TableIndex> named = nouns_.tables(*stem);
  return std::any_of(named.begin(), named.end(),
                     [this](TableIndex table) { return only_key(table) == nullptr; });
}

Naming ColumnMeaning::naming_of(const PlaceEvidence& place, TableIndex named) const {
  if (named == kNoTable) return Naming::kNone;
  const SamplePlace& at = place.place;
  const Column& column = column_of(model_.table(at.table), at.column);
  const bool is_column = at.json_path.empty();
  if (at.when_column != 0 || (is_column && company_names_.match(column))) return Naming::kWhole;
  const auto stem = is_column ? nouns_.said_stem(column) : id_stem(last_name(at.json_path));
  const auto wanted = noun_forms(stem.value_or(""));
  const auto forms = noun_forms(plain_name(model_.table(named).name));
  if (std::find_first_of(forms.begin(), forms.end(), wanted.begin(), wanted.end()) != forms.end())
    return Naming::kWhole;
  // Several foreign keys on columns of this name lead there, and none elsewhere.
  const auto others = keys_by_name_.find(column.name);
  const bool agree = is_column && others != keys_by_name_.end() && others->second > 1 &&
                     namesake_target(column.name) == named;
  return agree || named == kept_target(place, column) ? Naming::kWhole : Naming::kLoose;
}

// Where one table holds several kinds of a thing, a kind is called after both: "QueryMenuItem", in
// menu_items, is that of queries.
TableIndex ColumnMeaning::kind_of_own(const SamplePlace& at) const {
  for (const std::string& own : noun_forms(plain_name(model_.table(at.table).name))) {
    for (const std::string& noun : nouns_of_kind(at.when_value)) {
      if (!noun.ends_with('_' + own)) continue;
      const auto found = tables_named(at.table, noun.substr(0, noun.size() - own.size() - 1),
                                      nullptr, same_family);
      if (found.size() == 1) return found[0];
    }
  }
  return kNoTable;
}

// Several columns that tell the kinds of these values: which one is meant the values do not say.
std::string ColumnMeaning::told_alike(const PlaceEvidence& place) const {
  const SamplePlace& at = place.place;
  const ToldKinds* told = model_.evidence.told_kinds(at.table, at.column);
  const bool is_whole = at.when_column == 0 && at.json_path.empty() && !at.separated;
  if (told == nullptr || told->by.size() < 2 || !is_whole) return "";
  std::string names;
  for (size_t i = 0; i < told->by.size(); ++i) {
    names += i == 0 ? "" : i + 1 == told->by.size() ? " and " : ", ";
    names += display_name(column_of(model_.table(at.table), told->by[i]).name);
  }
  return "; of which table each is, " + names + " tell alike (when_column)";
}

Judgement ColumnMeaning::judge(const PlaceEvidence& place) const {
  const TableIndex named = suggested(place);
  Judgement judgement =
      company_backup::judge(model_.schema, model_.evidence, place, named, naming_of(place, named));
  // Another system's small numbers are keys here by chance.
  const Column& column = column_of(model_.table(place.place.table), place.place.column);
  const bool is_number_elsewhere = place.place.json_path.empty() && is_external(column.name) &&
                                   place.generated * 10 < place.values * 9;
  if (is_number_elsewhere && judgement.kind == Judgement::Kind::kReference)
    judgement.kind = Judgement::Kind::kUnknown;
  // What tells the kinds of another column names the tables of small numbers by chance.
  if (place.place.when_column != 0 && !are_generated(place) && !tells_kinds(place.place))
    judgement.confidence = Confidence::kGuess;
  if (judgement.kind == Judgement::Kind::kUnknown) judgement.evidence += told_alike(place);
  return judgement;
}

Judgement ColumnMeaning::judge(TableIndex table, const Column& column) const {
  const PlaceEvidence* place = model_.evidence.find(table, column.number);
  return place == nullptr ? Judgement() : judge(*place);
}

// "entity_name" of "entity_identifier": they begin with the same word, which only the two do.
bool ColumnMeaning::tells_of(TableIndex index, int16_t kind, const Column& column) const {
  const Table& table = model_.table(index);
  const auto words = words_of(column.name);
  const auto begins_so = [&](const Column& other) {
    const auto its = words_of(other.name);
    return its.size() > 1 && its[0] == words[0];
  };
  return words.size() > 1 && begins_so(column_of(table, kind)) &&
         std::count_if(table.columns.begin(), table.columns.end(), begins_so) == 2;
}

bool ColumnMeaning::tells_kinds(const SamplePlace& place) const {
  const Table& table = model_.table(place.table);
  const Column& column = column_of(table, place.column);
  const Column* said = type_column(table, column);
  return (said != nullptr && said->number == place.when_column) ||
         tells_of(place.table, place.when_column, column);
}

// Kinds whose values are no keys of one table, as far as it is seen, are left out.
std::vector<ColumnMeaning::ProvedPlace> ColumnMeaning::told_places(const ToldKinds& told) const {
  std::vector<ProvedPlace> proved;
  const std::string teller = display_name(column_of(model_.table(told.table), told.by[0]).name);
  for (const PlaceEvidence& place : model_.evidence.of(told.table, told.column)) {
    if (place.place.when_column != told.by[0]) continue;
    Judgement judgement = judge(place);
    if (judgement.kind != Judgement::Kind::kReference || !are_generated(place)) continue;
    // Of one value the other kinds say that it is no chance.
    if (judgement.confidence == Confidence::kGuess) {
      if (place.values > 1) continue;
      judgement.confidence = Confidence::kLikely;
    }
    judgement.evidence += "; whatever " + teller + " is, such values are keys of one table";
    proved.push_back({&place, std::move(judgement)});
  }
  return proved;
}

std::vector<ColumnMeaning::ProvedPlace> ColumnMeaning::proved_places(TableIndex table,
                                                                     const Column& column) const {
  std::vector<ProvedPlace> proved;
  std::map<int16_t, std::vector<ProvedPlace>> kinds;
  std::set<int16_t> unclear;
  const Column* said = type_column(model_.table(table), column);
  const ToldKinds* told = model_.evidence.told_kinds(table, column.number);
  if (told != nullptr && told->by.size() == 1) return told_places(*told);
  const PlaceEvidence* whole = model_.evidence.find(table, column.number);
  const bool is_clear = whole != nullptr && judge(*whole).kind != Judgement::Kind::kUnknown;
  for (const PlaceEvidence& place : model_.evidence.of(table, column.number)) {
    const int16_t kind = place.place.when_column;
    if (place.place.separated) continue;
    if (kind != 0 && is_clear && !tells_of(table, kind, column)) continue;
    const Judgement judgement = judge(place);
    const bool is_proved = judgement.kind == Judgement::Kind::kReference &&
                           judgement.confidence == Confidence::kConfident;
    if (is_proved)
      (kind == 0 ? proved : kinds[kind]).push_back({&place, judgement});
    else if (kind != 0 && (said == nullptr || said->number != kind))
      unclear.insert(kind);
    if (kind != 0 && is_clear && suggested(place) != judgement.table) unclear.insert(kind);
  }
  for (const auto& [kind, places] : kinds) {
    if (unclear.contains(kind)) continue;
    // Rows of kinds to come may refer to other tables.
    if (is_clear) std::erase_if(proved, [](const ProvedPlace& one) { return is_whole(one); });
    proved.insert(proved.end(), places.begin(), places.end());
    break;
  }
  return proved;
}

std::optional<Judgement> ColumnMeaning::judge_path(TableIndex table, const Column& column) const {
  const auto known = model_.evidence.paths.find({table, column.number});
  const PlaceEvidence* place = model_.evidence.find_separated(table, column.number);
  if (known == model_.evidence.paths.end() || place == nullptr) return std::nullopt;
  const TableIndex named = table_of_path(table, column);
  const Judgement judged = named == kNoTable ? judge(*place)
                                             : company_backup::judge(model_.schema, model_.evidence,
                                                                     *place, named, Naming::kLoose);
  return company_backup::judge_path(model_.schema, *place, known->second, judged,
                                    named != kNoTable);
}

// "category_path" of a product: another table whose rows' path it is called like.
TableIndex ColumnMeaning::table_of_path(TableIndex table, const Column& column) const {
  const std::string name = plain_name(column.name);
  const size_t end = name.rfind('_');
  if (end == std::string::npos || !names_path(column)) return kNoTable;
  const auto found = tables_named(table, name.substr(0, end), nullptr, same_family);
  return found.size() == 1 && found[0] != table ? found[0] : kNoTable;
}

std::vector<std::string> ColumnMeaning::named_columns(TableIndex target,
                                                      const std::vector<int16_t>& key) const {
  for (const UniqueIndex& unique : model_.table(target).unique_indexes)
    if (unique.primary && unique.columns == key) return {};
  return column_names(model_.table(target), key);
}

ReferenceRule ColumnMeaning::reference(const SamplePlace& place, const Judgement& judgement) const {
  const Table& table = model_.table(place.table);
  const Table& target = model_.table(judgement.table);
  ReferenceRule rule{.schema = table.schema,
                     .table = table.name,
                     .columns = {column_of(table, place.column).name},
                     .target_schema = target.schema,
                     .target_table = target.name,
                     .target_columns = named_columns(judgement.table, {judgement.column}),
                     .json_path = place.json_path,
                     .path = place.separated};
  if (place.when_column != 0) {
    rule.when_column = column_of(table, place.when_column).name;
    rule.when_value = place.when_value;
  }
  return rule;
}

}  // namespace company_backup
