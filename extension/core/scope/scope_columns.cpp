// Columns that ask for a decision. Of travelling tables: secrets, IDs no foreign key explains,
// JSON. Of others: IDs no foreign key explains that their rows are found again by.
#include <algorithm>

#include "core/scope/document_values.hpp"
#include "core/scope/found_keys.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_meaning.hpp"
#include "core/scope/scope_pairs.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"
#include "core/text/quoting.hpp"

namespace company_backup {
namespace {

bool contains(const std::vector<int16_t>& columns, int16_t number) {
  return std::find(columns.begin(), columns.end(), number) != columns.end();
}

class ColumnCheck {
 public:
  ColumnCheck(Model& model, const Scope& scope)
      : model_(model),
        scope_(scope),
        meaning_(model),
        names_(model.schema, meaning_.nouns(), model.company) {}

  void check() {
    for (const ScopedTable& scoped : scope_.tables) {
      if (!scoped.travels()) continue;
      const std::vector<ProvedPair> pairs = proved_pairs(model_, scoped.table);
      for (const Column& column : model_.table(scoped.table).columns)
        if (!ask_pair(pairs, column)) check(scoped, column);
    }
    for (TableIndex index : model_.matched) {
      const ScopedTable& scoped = *scope_.find(index);
      if (scoped.travels()) continue;
      for (const std::string& name : scoped.match_columns)
        if (const Column* column = find_column(model_.table(index), name))
          check_match(scoped, *column);
    }
  }

 private:
  // Is the column's meaning that of a pair? Asked at the pair's first column.
  bool ask_pair(const std::vector<ProvedPair>& pairs, const Column& column) {
    const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const ProvedPair& proved) {
      return contains(proved.pair->own, column.number);
    });
    if (found == pairs.end()) return false;
    const ColumnPair& pair = *found->pair;
    if (pair.own[0] != column.number) return true;
    model_.error(column_object(model_.table(pair.table), column.name),
                 "values of " + told_pair(model_, pair) + " together are keys of " +
                     display_table(model_.table(pair.target)) + ", but no foreign key says so",
                 pair_reference(model_, pair));
    model_.support(Confidence::kConfident, found->evidence);
    return true;
  }

  void check(const ScopedTable& scoped, const Column& column) {
    if (const ColumnRule* rule = model_.column_rule(scoped.table, column.name)) {
      check_value(scoped.table, column, *rule);
      return;
    }
    if (column.generated || has_foreign_key(model_, scoped.table, column.number)) return;
    if (has_unheld_key(scoped.table, column)) return;
    if (is_path(scoped.table, column)) return;
    if (ask_places(scoped.table, column) || is_in_reference(scoped.table, column)) return;
    if (looks_like_secret(model_.table(scoped.table), column) &&
        !refers_to_rows(meaning_.judge(scoped.table, column)))
      ask_secret(scoped.table, column);
    else if (looks_like_id(scoped, column))
      ask_id(scoped.table, column);
    else if (const Judgement judged = meaning_.judge(scoped.table, column);
             proves(judged) && !is_company_column(scoped.table, column))
      ask_reference(*model_.evidence.find(scoped.table, column.number), judged);
    else if (is_left_out(model_.schema, model_.rules, scoped.table, column))
      model_.notice(column_object(model_.table(scoped.table), column.name),
                    "a rule for all tables says what columns of this name refer to, but not this "
                    "one, whose type is " +
                        column.type,
                    model_.statements.column_rule(model_.table(scoped.table), column.name,
                                                  ColumnTreatment::kData));
    else if (column.family == TypeFamily::kJson)
      ask_document(scoped.table, column);
    else
      ask_matches(scoped.table, column);
  }

  // Its name is not that of an ID, but values are keys of tables of companies' rows.
  void ask_matches(TableIndex index, const Column& column) {
    if (ask_found_key(index, column)) return;
    const PlaceEvidence* place = model_.evidence.find(index, column.number);
    if (place == nullptr || is_company_column(index, column)) return;
    const Judgement judged = meaning_.judge(*place);
    if (judged.kind == Judgement::Kind::kReference) {
      if (judged.confidence != Confidence::kGuess) ask_reference(*place, judged);
    } else if (judged.kind == Judgement::Kind::kUnknown && !judged.evidence.empty() &&
               meaning_.is_among_keys(*place, [&](TableIndex table) {
                 const ScopedTable* scoped = scope_.find(table);
                 return scoped != nullptr && scoped->owned();
               })) {
      model_.error(column_object(model_.table(index), column.name),
                   judged.evidence +
                       "; say which with set_reference(), or set_column_rule(..., "
                       "'data')",
                   "");
    }
  }

  // Its values are another table's by what is taken aside: its rows complete those of that table,
  // or keep what they were; or a copy of which the key gets new ones would be left with the old.
  bool ask_found_key(TableIndex index, const Column& column) {
    auto found = completed_row(model_, names_, index, column);
    if (!found) found = kept_row(model_, names_, index, column);
    if (!found) found = renewed_key(model_, names_, index, column);
    if (!found) found = company_key(model_, names_, index, column);
    const ScopedTable* target = found ? scope_.find(found->key.table) : nullptr;
    if (target == nullptr || !target->travels()) return false;
    model_.error(column_object(model_.table(index), column.name),
                 found->problem +
                     ", but no foreign key says so; if that is chance, say "
                     "set_column_rule(..., 'data')",
                 model_.statements.reference(
                     model_.table(index), {column.name}, model_.table(found->key.table),
                     meaning_.named_columns(found->key.table, {found->key.column})));
    model_.support(found->confidence, found->evidence);
    return true;
  }

  // To the table's own key: tokens are unique, too, but nobody refers to rows by them.
  bool refers_to_rows(const Judgement& judged) const {
    return proves(judged) && meaning_.named_columns(judged.table, {judged.column}).empty();
  }

  // Random texts are secrets where they are called so; words and paths are not.
  void ask_secret(TableIndex index, const Column& column) {
    const PlaceEvidence* place = model_.evidence.find(index, column.number);
    const uint32_t values = place == nullptr ? 0 : place->values;
    const uint32_t random = place == nullptr ? 0 : place->random;
    // Of bytes nothing says that they are a label.
    const bool harmless = values >= 3 && random == 0 && !column.is_bytea();
    const std::string problem = "its name looks like a secret";
    // Rows that are added need a value: one that nobody knows.
    if (!harmless && lacks_value(column) && can_be_made(column))
      model_.error(
          column_object(model_.table(index), column.name), problem,
          model_.statements.value_for(model_.table(index), column, ColumnTreatment::kSecret));
    else
      ask(index, column, problem, harmless ? ColumnTreatment::kData : ColumnTreatment::kSecret);
    const bool called_so = secret_smell(model_.table(index), column) == Confidence::kLikely;
    if (values < 3 && called_so)
      model_.support(Confidence::kLikely,
                     column.is_bytea()
                         ? "it is called so, and holds bytes, which are no label and no number"
                         : "");
    if (values < 3) return;
    const bool are_random = random * 10 >= values * 8;
    model_.support(
        are_random && called_so  ? Confidence::kConfident
        : are_random || harmless ? Confidence::kLikely
                                 : Confidence::kGuess,
        std::to_string(random) + " of " + std::to_string(values) + " sampled values look random");
  }

  // What was found in documents was asked about before; of what was not nothing is to be said.
  void ask_document(TableIndex index, const Column& column) {
    const Table& table = model_.table(index);
    const std::string object = column_object(table, column.name);
    if (!model_.evidence.rows.contains({index, column.number})) {
      model_.notice(object, "JSON may hold IDs; no rule says whether it does",
                    model_.evidence.has_rows ? Statement("")
                                             : model_.statements.column_rule(
                                                   table, column.name, ColumnTreatment::kData));
      return;
    }
    for (const PlaceEvidence& place : model_.evidence.of(index, column.number)) {
      if (place.place.separated) continue;
      const Judgement judged = meaning_.judge(place);
      if (judged.kind == Judgement::Kind::kData || judged.evidence.empty() || is_ruled(place.place))
        continue;
      const std::string problem = "at " + place.place.json_path + " " + judged.evidence;
      if (place.generated > 0)
        model_.error(object,
                     problem + "; say which with set_reference(), or set_column_rule(..., 'data')",
                     "");
      else
        model_.notice(object, problem + "; no rule says whether they refer to them", "");
    }
  }

  static bool proves(const Judgement& judged) {
    return judged.kind == Judgement::Kind::kReference &&
           judged.confidence == Confidence::kConfident;
  }

  // The places inside a document, and the kinds of an ID, whose values are keys. Is there one that
  // no rule knows?
  bool ask_places(TableIndex index, const Column& column) {
    bool asked = false;
    for (const auto& [place, judged] : meaning_.proved_places(index, column)) {
      const bool is_whole = place->place.json_path.empty() && place->place.when_column == 0;
      if (is_whole || scope_.find(judged.table) == nullptr || is_ruled(place->place)) continue;
      asked = true;
      if (place->place.json_path.empty() || column.family == TypeFamily::kJson) {
        ask_reference(*place, judged);
        continue;
      }
      ask(index, column,
          "at " + place->place.json_path + " its documents have keys of " +
              display_table(model_.table(judged.table)) +
              ": a copy would have the same, since references are followed in columns of type json "
              "and jsonb only",
          ColumnTreatment::kData);
      break;
    }
    if (asked) model_.ask_kinds(index, column);
    return asked;
  }

  bool is_ruled(const SamplePlace& place) const {
    const Table& table = model_.table(place.table);
    const auto& soft = model_.soft[place.table];
    return std::any_of(soft.begin(), soft.end(), [&](const SoftReference& reference) {
      const ReferenceRule& rule = *reference.rule;
      if (reference.columns != std::vector{place.column}) return false;
      if (!rule.when_column.empty() &&
          (place.when_column == 0 || rule.when_value != place.when_value ||
           rule.when_column != column_of(table, place.when_column).name))
        return false;
      return covers_path(rule.json_path, place.json_path);
    });
  }

  void ask_reference(const PlaceEvidence& place, const Judgement& judged) {
    const ReferenceRule rule = meaning_.reference(place.place, judged);
    std::string where = place.place.json_path.empty() ? "" : " at " + place.place.json_path;
    if (!rule.when_column.empty()) {
      where += " where " + display_name(rule.when_column) + " is " + quote_literal(rule.when_value);
    }
    model_.error(column_object(model_.table(place.place.table), rule.columns[0]),
                 "its values" + where + " are keys of " +
                     display_table(model_.table(judged.table)) + ", but no foreign key says so",
                 model_.statements.reference(rule));
    model_.support(judged.confidence, judged.evidence);
  }

  // Asks, if the values are a path.
  bool is_path(TableIndex index, const Column& column) {
    if (is_in_reference(index, column)) return false;
    const auto judged = meaning_.judge_path(index, column);
    if (!judged || scope_.find(judged->table) == nullptr) return false;
    const std::vector<std::string>& match = scope_.find(index)->match_columns;
    if (std::find(match.begin(), match.end(), column.name) != match.end()) return false;
    if (is_company_column(index, column)) return false;
    if (!why_no_path(model_.schema, index, column).empty()) return false;
    ask_path(index, column, *judged);
    return true;
  }

  void ask_path(TableIndex index, const Column& column, const Judgement& judged) {
    const Table& table = model_.table(index);
    const Column* own = own_path_key(table);
    const bool is_own = judged.table == index && own != nullptr && own->number == judged.column;
    const SamplePlace place{.table = index, .column = column.number, .separated = true};
    model_.error(column_object(table, column.name),
                 "its values are made of keys of " + display_table(model_.table(judged.table)) +
                     ", but no rule says so",
                 is_own ? model_.statements.column_rule(table, column.name, ColumnTreatment::kPath)
                        : model_.statements.reference(meaning_.reference(place, judged)));
    model_.support(judged.confidence, judged.evidence);
  }

  // In another database the row with this ID is another one, unless it is known what it refers to.
  // UUIDs and texts are the same everywhere, or nowhere else.
  void check_match(const ScopedTable& scoped, const Column& column) {
    const TableIndex index = scoped.table;
    if (model_.column_rule(index, column.name) != nullptr || column.generated) return;
    if (has_foreign_key(model_, index, column.number) || is_in_reference(index, column)) return;
    if (!looks_like_id(scoped, column)) return;
    const TableIndex target =
        meaning_.company_names().match(column)
            ? model_.company
            : meaning_.named_table(index, column, ColumnMeaning::holds_numbers);
    // A number that alone tells the rows apart, and is named after no table, is meant to.
    const bool is_number = is_number_family(element_family(column.family));
    if (target == kNoTable && (!is_number || scoped.match_columns.size() == 1)) return;
    const Table& table = model_.table(index);
    model_.error(column_object(table, column.name),
                 "its rows are matched by this column, which looks like an ID, but no foreign key "
                 "says of what: in another database the same number is another row" +
                     std::string(target == kNoTable
                                     ? "; the statement is right only if it is the same everywhere"
                                     : ""),
                 target == kNoTable
                     ? model_.statements.column_rule(table, column.name, ColumnTreatment::kData)
                     : reference_to(index, column, target));
  }

  static bool lacks_value(const Column& column) {
    return column.not_null && !column.has_default && !column.identity;
  }

  // Is what value_for() gives for its type a secret?
  static bool can_be_made(const Column& column) {
    return column.family == TypeFamily::kText || column.family == TypeFamily::kUuid ||
           column.is_bytea();
  }

  // A value that is in no backup, or not in every backup, and that a row must have.
  void check_value(TableIndex index, const Column& column, const ColumnRule& rule) {
    if (!rule.replacement.empty() || !lacks_value(column)) return;
    std::string problem;
    if (rule.treatment == ColumnTreatment::kSecret)
      problem =
          "it is secret, NOT NULL and has no default: existing rows keep it, but a restore cannot "
          "add any";
    else if (rule.treatment == ColumnTreatment::kFile)
      problem =
          "it is a file, NOT NULL and has no default: a restore from a backup without files cannot "
          "add rows";
    if (problem.empty()) return;
    model_.warning(column_object(model_.table(index), column.name), problem,
                   model_.statements.value_for(model_.table(index), column, rule.treatment));
  }

  bool is_in_reference(TableIndex index, const Column& column) const {
    return std::any_of(
        model_.soft[index].begin(), model_.soft[index].end(), [&](const SoftReference& soft) {
          return contains(soft.columns, column.number) || soft.rule->when_column == column.name;
        });
  }

  // Is asked about as a whole.
  bool has_unheld_key(TableIndex index, const Column& column) const {
    const auto& keys = model_.schema.unheld_keys;
    return std::any_of(keys.begin(), keys.end(), [&](const ForeignKey& key) {
      return key.table == index && contains(key.columns, column.number);
    });
  }

  bool looks_like_id(const ScopedTable& scoped, const Column& column) const {
    if (!can_be_called_id(column) || column.identity) return false;
    if (model_.is_scope_column(scoped.table, column)) return false;
    if (is_known_company_column(scoped.table, column)) return false;
    const auto stem = meaning_.nouns().said_stem(column);
    if (!stem && type_column(model_.table(scoped.table), column) != nullptr) return true;
    if (!stem) return scoped.table != model_.company && meaning_.company_names().match(column);
    // Of such a type it is one only if there are rows that it can be of.
    if (!can_hold_id(column) && !meaning_.nouns().ends_with_table(*stem))
      return scoped.table != model_.company && meaning_.company_names().match(column);
    return !is_own_id(scoped.table, column, *stem);
  }

  bool is_company_column(TableIndex index, const Column& column) const {
    return model_.is_scope_column(index, column) || is_known_company_column(index, column);
  }

  // The company row's own columns: its key, and what set_company_table calls its identity.
  bool is_known_company_column(TableIndex index, const Column& column) const {
    if (index != model_.company) return false;
    if (column.number == model_.key->number) return true;
    const auto& identity = model_.rules.settings.identity_columns;
    return identity &&
           std::find(identity->begin(), identity->end(), column.name) != identity->end();
  }

  // The table's own ID: alone the primary key; unique and named after the table; or unique alone
  // and either made by a default or what foreign keys refer to.
  bool is_own_id(TableIndex index, const Column& column, const std::string& stem) const {
    const Table& table = model_.table(index);
    const std::vector<int16_t> alone{column.number};
    for (const UniqueIndex& unique : table.unique_indexes) {
      if (!contains(unique.columns, column.number)) continue;
      if (unique.columns == alone && !unique.partial &&
          (unique.primary || (column.not_null && column.has_default) || is_target(index, alone)))
        return true;
      const auto own = noun_forms(plain_name(table.name));
      if (std::find(own.begin(), own.end(), stem) != own.end()) return true;
    }
    return false;
  }

  bool is_target(TableIndex index, const std::vector<int16_t>& columns) const {
    const auto& keys = model_.keys_to[index];
    return std::any_of(keys.begin(), keys.end(),
                       [&](const ForeignKey* fk) { return fk->target_columns == columns; });
  }

  void ask(TableIndex index, const Column& column, const std::string& problem,
           ColumnTreatment treatment, bool on_evidence = false) {
    const Table& table = model_.table(index);
    model_.error(column_object(table, column.name), problem,
                 model_.statements.column_rule(table, column.name, treatment, on_evidence));
  }

  void ask_id(TableIndex index, const Column& column) {
    const Table& table = model_.table(index);
    const std::string object = column_object(table, column.name);
    if (!can_hold_id(column)) {
      model_.error(object,
                   "it looks like an ID, but references cannot be followed in its type, " +
                       column.type + "; if it is none, say set_column_rule(..., 'data')",
                   "");
      return;
    }
    if (const Column* type = type_column(table, column)) {
      if (const auto evidence = evidence_of_no_kind(index, column, *type)) {
        ask(index, column, "it looks like an ID, but no foreign key says of what",
            ColumnTreatment::kData);
        model_.support(Confidence::kGuess, *evidence);
        return;
      }
      model_.ask_kinds(index, column);
      model_.error(object,
                   "it looks like an ID whose table is named by " + display_name(type->name) +
                       "; for each value say which table it means: set_reference(..., when_column "
                       "=> " +
                       quote_literal(type->name) +
                       ", when_value => ...); if they refer to no table, say "
                       "set_column_rule(..., 'data')",
                   has_no_value(index, column)
                       ? model_.statements.column_rule(table, column.name, ColumnTreatment::kData)
                       : Statement(""));
      if (has_no_value(index, column)) model_.support(Confidence::kGuess, "no row has a value");
      return;
    }
    const Judgement judged = meaning_.judge(index, column);
    if (judged.kind == Judgement::Kind::kReference) {
      ask_reference(*model_.evidence.find(index, column.number), judged);
      return;
    }
    const std::string problem = "it looks like an ID, but no foreign key says of what";
    const TableIndex target = meaning_.company_names().match(column)
                                  ? model_.company
                                  : meaning_.named_table(index, column, ColumnMeaning::same_family);
    const bool external = meaning_.is_external(column.name);
    // Only a proposal: if it is wrong, the reference check says so, while "data" would be silent.
    const PlaceEvidence* values = model_.evidence.find(index, column.number);
    const bool may_be = judged.evidence.empty() || (values != nullptr && target != kNoTable &&
                                                    meaning_.holds_all(*values, target));
    if (target != kNoTable && !external && judged.kind != Judgement::Kind::kData && may_be) {
      model_.error(object, problem, reference_to(index, column, target));
      model_.support(judged.evidence.empty() ? Confidence::kLikely : Confidence::kGuess,
                     judged.evidence);
      return;
    }
    if (names_shown_number(column) && judged.kind == Judgement::Kind::kUnknown) {
      ask(index, column, problem, ColumnTreatment::kData);
      model_.support(Confidence::kLikely,
                     "its name is that of a number by which people call the row itself");
      return;
    }
    // Values that are keys of several tables are not data only because nobody says which.
    if (judged.kind == Judgement::Kind::kUnknown && !judged.evidence.empty() && !external) {
      model_.error(object, problem + "; " + judged.evidence, "");
      return;
    }
    if (names_group(column) && column.family != TypeFamily::kText &&
        judged.kind == Judgement::Kind::kData) {
      ask(index, column, problem, ColumnTreatment::kGroup);
      model_.support(Confidence::kLikely, judged.evidence + "; its name is that of a group");
      return;
    }
    // An ID of the company row itself belongs to it alone: a clone must not share it.
    if (index == model_.company && ColumnMeaning::names_row_of_its_own(column.name) &&
        ColumnMeaning::same_family(column, *model_.key)) {
      model_.error(object, problem, reference_to(index, column, index));
      return;
    }
    const bool is_own = index == model_.company;
    ask(index, column, problem, is_own ? ColumnTreatment::kIdentity : ColumnTreatment::kData,
        !is_own && judged.kind == Judgement::Kind::kData);
    if (judged.kind == Judgement::Kind::kData)
      model_.support(external              ? Confidence::kConfident
                     : names_group(column) ? Confidence::kGuess
                                           : judged.confidence,
                     judged.evidence);
    else if (external)
      model_.support(Confidence::kLikely, "its name is that of another system's ID");
  }

  // That of none of the kinds any value is a key, if that is so.
  std::optional<std::string> evidence_of_no_kind(TableIndex index, const Column& column,
                                                 const Column& type) const {
    if (model_.evidence.has_crowd(index, column.number, type.number)) {
      const Judgement all = meaning_.judge(index, column);
      if (all.kind != Judgement::Kind::kData || all.confidence != Confidence::kConfident)
        return std::nullopt;
      return "whatever " + display_name(type.name) + " is: " + all.evidence;
    }
    const Judgement* least = nullptr;
    std::vector<Judgement> kinds;
    for (const PlaceEvidence& place : model_.evidence.of(index, column.number)) {
      if (place.place.when_column != type.number || place.values == 0) continue;
      kinds.push_back(meaning_.judge(place));
      if (kinds.back().kind != Judgement::Kind::kData ||
          kinds.back().confidence != Confidence::kConfident)
        return std::nullopt;
    }
    for (const Judgement& kind : kinds)
      if (least == nullptr || kind.evidence.size() < least->evidence.size()) least = &kind;
    if (least == nullptr) return std::nullopt;
    return "whatever " + display_name(type.name) + " is: " + least->evidence;
  }

  // There are rows, and it is NULL in all of them.
  bool has_no_value(TableIndex index, const Column& column) const {
    const auto rows = model_.evidence.tables.find(index);
    return rows != model_.evidence.tables.end() && rows->second.rows > 0 &&
           !model_.evidence.rows.contains({index, column.number});
  }

  Statement reference_to(TableIndex index, const Column& column, TableIndex target) const {
    const std::vector<int16_t> key =
        target == model_.company ? std::vector{model_.key->number} : pick_key(model_.table(target));
    return model_.statements.reference(model_.table(index), {column.name}, model_.table(target),
                                       meaning_.named_columns(target, key));
  }

  Model& model_;
  const Scope& scope_;
  const ColumnMeaning meaning_;
  const KeyNames names_;
};

}  // namespace

void check_columns(Model& model, const Scope& scope) {
  ColumnCheck(model, scope).check();
}

}  // namespace company_backup
