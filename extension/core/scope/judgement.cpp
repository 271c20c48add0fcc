#include "core/scope/judgement.hpp"

#include <algorithm>
#include <vector>

#include "core/scope/path_rules.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

// Of the values of a column, in percent: a few may dangle, a few may match by chance.
constexpr uint32_t kAll = 95, kHardlyAny = 3;
constexpr uint32_t kEnough = 5;  // values that say something

std::string number(uint32_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

class Judge {
 public:
  Judge(const Schema& schema, const Evidence& evidence, const PlaceEvidence& place,
        TableIndex named, Naming naming)
      : schema_(schema), evidence_(evidence), place_(place), named_(named), naming_(naming) {
    for (const KeyMatch& match : place.matches) {
      if (!match.alone || is_itself(match) || !are_keys(place, match)) continue;
      (has_all(place, match) ? full_ : others_).push_back(&match);
    }
  }

  // Of the table itself, if all are.
  std::optional<Judgement> judge_path(const PathEvidence& path, const Judgement& judged,
                                      bool named) const {
    if (path.deep == 0 || !is_most(path.paths, path.rows)) return std::nullopt;
    const bool is_reference = judged.kind == Judgement::Kind::kReference;
    if (named && is_reference && (proves() || names_it(path))) return judged;
    if (named && !proves()) return std::nullopt;
    const Column* own = own_path_key(schema_.tables[place_.place.table]);
    for (const KeyMatch* match : full_) {
      if (own == nullptr || match->table != place_.place.table || match->column != own->number)
        continue;
      const bool agrees = is_most(path.agreeing, path.rows) && path.chained > 1;
      const bool enough = agrees ? path.rows >= kEnough : proves() && place_.values > 1;
      if (!agrees && !proves() && !(names_it(path) && place_.values > 1)) return std::nullopt;
      Judgement judgement{Judgement::Kind::kReference, match->table, match->column,
                          enough ? Confidence::kConfident : Confidence::kLikely,
                          match_text(*match)};
      if (agrees)
        judgement.evidence +=
            "; of " + number(path.agreeing) + " rows the last one is the row's own or its parent's";
      return judgement;
    }
    if (!proves() || !is_reference) return std::nullopt;
    return judged;
  }

  Judgement judge() const {
    if (place_.values == 0) return {};
    const auto named = std::find_if(others_.begin(), others_.end(),
                                    [&](const KeyMatch* match) { return match->table == named_; });
    if (named != others_.end()) return of_others(**named);
    if (full_.empty() && !others_.empty()) return of_others(*others_[0]);
    return full_.empty() ? without_target() : with_target();
  }

 private:
  // Small numbers in a column that is called like a path.
  bool names_it(const PathEvidence& path) const {
    const Table& table = schema_.tables[place_.place.table];
    return path.rows > 1 && names_path(column_of(table, place_.place.column));
  }

  static bool is_most(uint32_t count, uint32_t all) {
    return uint64_t{100} * count >= uint64_t{kAll} * all;
  }

  uint32_t percent(const KeyMatch& match) const {
    return static_cast<uint32_t>(uint64_t{100} * match.values / place_.values);
  }

  // A unique column holds its own values.
  bool is_itself(const KeyMatch& match) const {
    return match.table == place_.place.table && match.column == place_.place.column;
  }

  // Values that are met twice by chance prove nothing.
  bool proves() const { return are_generated(place_); }

  // Generated values that several rows have could be numbers of groups.
  bool is_shared() const {
    if (place_.place.when_column != 0) return false;  // of one kind the rows are not counted
    const auto rows = evidence_.rows.find({place_.place.table, place_.place.column});
    return proves() && rows != evidence_.rows.end() && rows->second > place_.values;
  }

  const KeyMatch* most() const {
    for (const KeyMatch& match : place_.matches) {
      if (!is_itself(match)) return &match;
    }
    return nullptr;
  }

  std::string sampled() const {
    return number(place_.values) + (place_.values == 1 ? " sampled value" : " sampled values");
  }

  std::string match_text(const KeyMatch& match) const {
    return number(match.values) + " of " + sampled() +
           (match.values == 1 ? " is a key of " : " are keys of ") + name_of(match);
  }

  // Of part of a key with the column.
  std::string name_of(const KeyMatch& match) const {
    const Table& table = schema_.tables[match.table];
    const std::string name = display_table(table);
    return match.alone ? name
                       : name + " by part of its key, " + column_of(table, match.column).name;
  }

  Judgement without_target() const {
    Judgement judgement;
    const KeyMatch* first = most();
    if (first != nullptr && percent(*first) > kHardlyAny) {
      judgement.evidence = match_text(*first);
      for (const KeyMatch& match : place_.matches) {
        if (&match == first || is_itself(match) || percent(match) <= kHardlyAny) continue;
        judgement.evidence +=
            ", " + number(match.values) + " of " + display_table(schema_.tables[match.table]);
      }
      return judgement;
    }
    judgement.evidence =
        (first == nullptr ? "none of " : number(first->values) + " of ") + sampled() +
        (place_.values == 1 || (first != nullptr && first->values == 1) ? " is" : " are") +
        " a key of any table";
    if (!evidence_.all_keys) return judgement;
    judgement.kind = Judgement::Kind::kData;
    const bool sure = named_ == kNoTable && (place_.values >= kEnough || proves()) && !is_shared();
    const bool composed = place_.composed * 2 >= place_.values;
    judgement.confidence = composed || naming_ == Naming::kWhole ? Confidence::kGuess
                           : sure                                ? Confidence::kConfident
                                                                 : Confidence::kLikely;
    if (composed) judgement.evidence += "; they look composed, and may hold keys";
    return judgement;
  }

  // Keys by chance, or of rows of all companies, whatever the name says.
  Judgement of_others(const KeyMatch& match) const {
    Judgement judgement;
    const SameCompany& companies = match.companies;
    judgement.evidence = match_text(match) + ", but only " + number(companies.same) + " of " +
                         number(companies.rows) + " lead to a row of their own company";
    if (naming_ != Naming::kWhole || match.table != named_) judgement.kind = Judgement::Kind::kData;
    return judgement;
  }

  Judgement with_target() const {
    Judgement judgement;
    const KeyMatch* target = named_target();
    const bool is_named = target != nullptr;
    if (!is_named) target = proves() ? only_root() : only_same();
    judgement.evidence = match_text(target == nullptr ? *full_[0] : *target);
    if (target == nullptr) {
      if (full_.size() > 1) {
        judgement.evidence += ", and of " + std::to_string(full_.size() - 1) +
                              (full_.size() == 2 ? " other table" : " other tables");
      }
      return judgement;
    }
    // References compare texts.
    if ((place_.respelt > 0) != target->respelt) {
      judgement.evidence += ", but their UUIDs are spelt in another way";
      return judgement;
    }
    judgement.kind = Judgement::Kind::kReference;
    judgement.table = target->table;
    judgement.column = target->column;
    judgement.evidence += others_text(*target) + companies_text(*target);
    judgement.confidence = confidence(*target, is_named);
    return judgement;
  }

  std::string companies_text(const KeyMatch& target) const {
    const SameCompany& companies = target.companies;
    const Belonging belonging = belonging_of(companies);
    if (belonging == Belonging::kUnknown)
      return companies.only_one && !proves() ? "; all rows that they lead to are one company's"
                                             : "";
    return "; " + number(companies.same) + " of " + number(companies.rows) +
           " lead to a row of their own company";
  }

  static bool is_same(const KeyMatch& match) {
    return belonging_of(match.companies) == Belonging::kSame;
  }

  // Of what could be meant, the only one whose rows are of the same companies, where others are
  // not.
  const KeyMatch* only_same() const {
    constexpr uint32_t kMany = 20;  // rows of further companies
    const KeyMatch* only = nullptr;
    for (const KeyMatch* match : full_) {
      if (belonging_of(match->companies) == Belonging::kUnknown) continue;
      if (only != nullptr || !is_same(*match) || match->table == place_.place.table) return nullptr;
      only = match;
    }
    return only == nullptr || others_.empty() || only->companies.further_rows < kMany ? nullptr
                                                                                      : only;
  }

  // Is there no other one whose rows are of the same companies?
  bool is_only_same(const KeyMatch& target) const {
    return is_same(target) && std::none_of(full_.begin(), full_.end(), [&](const KeyMatch* match) {
             return match->table != target.table &&
                    belonging_of(match->companies) != Belonging::kUnknown;
           });
  }

  Confidence confidence(const KeyMatch& target, bool is_named) const {
    // A kind that is called like the table says so itself.
    const bool is_kind = is_named && place_.place.when_column != 0;
    const bool enough = is_kind || place_.values >= (proves() ? 2 : kEnough);
    const bool is_whole = is_named && naming_ == Naming::kWhole;
    if (!enough && naming_ != Naming::kWhole) return Confidence::kGuess;
    if (!enough || target.values < place_.values) return Confidence::kLikely;
    if (is_contradicted(target.companies)) return Confidence::kLikely;
    // Small numbers that are one company's keys may be no keys at all.
    if (!proves() && !is_kind && target.companies.only_one) return Confidence::kLikely;
    if (proves())
      return is_whole || is_own_key(target) ? Confidence::kConfident : Confidence::kGuess;
    return is_kind || is_whole || (is_named && is_only_same(target)) ? Confidence::kConfident
                                                                     : Confidence::kLikely;
  }

  // The table's own key, or a UUID: nobody makes these up.
  bool is_own_key(const KeyMatch& match) const {
    const Table& table = schema_.tables[match.table];
    if (column_of(table, match.column).family == TypeFamily::kUuid) return true;
    return std::any_of(table.unique_indexes.begin(), table.unique_indexes.end(),
                       [&](const UniqueIndex& unique) {
                         return unique.primary && unique.columns == std::vector{match.column};
                       });
  }

  // "; no other table has more than 3 %".
  std::string others_text(const KeyMatch& target) const {
    uint32_t most_others = 0;
    for (const KeyMatch& match : place_.matches) {
      if (match.table != target.table && !is_itself(match))
        most_others = std::max(most_others, percent(match));
    }
    if (most_others <= kHardlyAny) {
      return "; no other table has more than " + std::to_string(kHardlyAny) + "%";
    }
    return named_ == target.table ? ", as its name says" : "";
  }

  const KeyMatch* named_target() const {
    for (const KeyMatch* match : full_) {
      if (match->table == named_) return match;
    }
    return nullptr;
  }

  // The one that the others are keys of, too: a row of settings has the key of its company.
  const KeyMatch* only_root() const {
    const KeyMatch* root = nullptr;
    for (const KeyMatch* match : full_) {
      if (refers_to_another(*match)) continue;
      if (root != nullptr && root->table != match->table) return nullptr;
      if (root == nullptr) root = match;
    }
    return root;
  }

  bool refers_to_another(const KeyMatch& match) const {
    return std::any_of(
        schema_.foreign_keys.begin(), schema_.foreign_keys.end(), [&](const ForeignKey& key) {
          return key.table == match.table && key.columns == std::vector{match.column} &&
                 key.target != match.table &&
                 std::any_of(full_.begin(), full_.end(),
                             [&](const KeyMatch* other) { return other->table == key.target; });
        });
  }

  const Schema& schema_;
  const Evidence& evidence_;
  const PlaceEvidence& place_;
  const TableIndex named_;
  const Naming naming_;
  std::vector<const KeyMatch*> full_;    // that have all values
  std::vector<const KeyMatch*> others_;  // that do, but of rows of any company
};

}  // namespace

bool has_all(const PlaceEvidence& place, const KeyMatch& match) {
  return are_keys(place, match) && belonging_of(match.companies) != Belonging::kOther;
}

bool are_generated(const PlaceEvidence& place) {
  return place.generated * 10 >= place.values * 9;
}

std::optional<Judgement> judge_path(const Schema& schema, const PlaceEvidence& place,
                                    const PathEvidence& path, const Judgement& judged, bool named) {
  const Evidence none;
  return Judge(schema, none, place, kNoTable, Naming::kNone).judge_path(path, judged, named);
}

Judgement judge(const Schema& schema, const Evidence& evidence, const PlaceEvidence& place,
                TableIndex named, Naming naming) {
  return Judge(schema, evidence, place, named, naming).judge();
}

}  // namespace company_backup
