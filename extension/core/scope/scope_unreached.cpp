// The tables no route reaches: shared rows, people, and questions.
#include <algorithm>

#include "core/scope/row_uses.hpp"
#include "core/scope/scope_meaning.hpp"
#include "core/scope/scope_ways.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/scope/unreached_columns.hpp"
#include "core/scope/walk.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

class OtherTables {
 public:
  OtherTables(Model& model, const Routes& routes, Scope& scope, Undecided& undecided)
      : model_(model),
        routes_(routes),
        scope_(scope),
        undecided_(undecided),
        meaning_(model),
        columns_(model, routes, meaning_),
        ways_(model),
        treatment_(model.size()) {
    for (const ScopedTable& table : scope.tables) treatment_[table.table] = table.treatment;
    find_referrers();
  }

  void decide() {
    std::vector<ScopedTable> added;
    find_asked();
    for_unreached([&](TableIndex index) {
      if (model_.ruled_global(index)) return;
      if (model_.ruled_foreign(index))
        added.push_back(ruled(index));
      else if (model_.ruled_owned(index))
        explain_unreached(index);
      else
        ask_nullable(index);
    });
    find_waiting();
    for_unreached([&](TableIndex index) {
      if (model_.rule[index] != nullptr || undecided_[index]) return;
      if (ask_unowned(index))
        undecided_[index] = true;
      else if (!referrers_[index].empty())
        added.push_back(shared(index));
    });
    scope_.tables.insert(scope_.tables.end(), added.begin(), added.end());
  }

 private:
  template <typename F>
  void for_unreached(F&& act) {
    for (TableIndex index = 0; index < static_cast<TableIndex>(model_.size()); ++index)
      if (routes_.distance[index] < 0) act(index);
  }

  bool travels(TableIndex index) const {
    return treatment_[index] && treatment_[index] != TableTreatment::kExcluded;
  }

  // Which travelling tables refer to which others, by foreign key or rule.
  void find_referrers() {
    referrers_.resize(model_.size());
    for (TableIndex index = 0; index < static_cast<TableIndex>(model_.size()); ++index) {
      if (!travels(index)) continue;
      for (const ForeignKey* fk : model_.keys_of[index]) add_referrer(fk->target, index);
      for (const SoftReference& soft : model_.soft[index]) add_referrer(soft.target, index);
    }
  }

  void add_referrer(TableIndex target, TableIndex source) {
    auto& sources = referrers_[target];
    if (sources.empty() || sources.back() != source) sources.push_back(source);
  }

  ScopedTable base(TableIndex index) const {
    ScopedTable scoped;
    scoped.table = index;
    scoped.area = model_.table(index).schema;
    scoped.key = pick_key(model_.table(index));
    return scoped;
  }

  ScopedTable ruled(TableIndex index) const {
    const TableRule& rule = *model_.rule[index];
    ScopedTable scoped = base(index);
    if (!rule.area.empty()) scoped.area = rule.area;
    scoped.treatment = rule.treatment;
    scoped.decided_by = DecidedBy::kRule;
    scoped.reason = rule.reason;
    scoped.match_columns = rule.match_columns;
    return scoped;
  }

  std::string referrer_text(TableIndex index) const {
    const auto& sources = referrers_[index];
    std::string text = display_table(model_.table(sources[0]));
    if (sources.size() == 2) text += " and " + display_table(model_.table(sources[1]));
    if (sources.size() > 2) text += " and " + std::to_string(sources.size() - 1) + " other tables";
    return text;
  }

  ScopedTable shared(TableIndex index) {
    const Table& table = model_.table(index);
    ScopedTable scoped = base(index);
    scoped.treatment = TableTreatment::kShared;
    scoped.decided_by = DecidedBy::kForeignKey;
    scoped.reason = "referred to by " + referrer_text(index) + ", no column leads to a company";
    TableRule rule = proposed_rule(TableTreatment::kShared, "reference data");
    rule.match_columns = natural_key(table);
    model_.warning(display_table(table),
                   rule.match_columns.empty()
                       ? "it is shared by all companies and has no natural key: its rows "
                         "cannot be found again in another database"
                       : "it is shared by all companies, and nothing says how its rows are found "
                         "again in another database",
                   model_.statements.table_rule(table, rule));
    support_shared(index, rule);
    return scoped;
  }

  UseJudgement uses_of(TableIndex index) const {
    const auto known = model_.evidence.uses.find(index);
    return judge_uses(known == model_.evidence.uses.end() ? nullptr : &known->second);
  }

  // Whose rows several companies use, those are nobody's. How they are found again is not proved.
  void support_shared(TableIndex index, const TableRule& rule) {
    const UseJudgement judged = uses_of(index);
    if (judged.kind != UseJudgement::Kind::kShared) return;
    const bool sure = judged.confidence == Confidence::kConfident;
    model_.support(sure && rule.match_columns.empty() ? Confidence::kLikely : judged.confidence,
                   judged.evidence);
  }

  // Taken for everybody's, rows that are a company's would be lost.
  bool ask_apart(TableIndex index) {
    const UseJudgement judged = uses_of(index);
    if (judged.kind != UseJudgement::Kind::kApart) return false;
    TableRule rule =
        proposed_rule(TableTreatment::kCompany, "belongs to the rows that refer to it");
    for (const ForeignKey* fk : model_.keys_to[index])
      if (fk->only_partition == 0 && travels(fk->table) &&
          std::find(rule.route.begin(), rule.route.end(), fk->name) == rule.route.end())
        rule.route.push_back(fk->name);
    if (rule.route.empty()) return false;
    const Table& table = model_.table(index);
    model_.error(display_table(table),
                 "no column leads from its rows to a company, but they seem to belong to some: " +
                     judged.evidence +
                     "; if they are everybody's, say set_table_rule(..., 'shared', ...)",
                 model_.statements.table_rule(table, rule));
    model_.support(judged.confidence, judged.evidence);
    model_.wait();  // others may refer to it, too
    return true;
  }

  // A rule puts the table into the scope, but its rows do not get there.
  void explain_unreached(TableIndex index) {
    undecided_[index] = true;
    const Table& table = model_.table(index);
    const TableRule* rule = model_.rule[index];
    if (!model_.ordered[index].empty()) {
      model_.error(display_table(table), broken_route(index), without_route(index));
      return;
    }
    TableRule upward =
        rule != nullptr ? *rule
                        : proposed_rule(TableTreatment::kExcluded, "says who belongs to a company");
    upward.route.clear();
    for (const ForeignKey* fk : model_.keys_to[index])
      if (routes_.distance[fk->table] >= 0) upward.route.push_back(fk->name);
    if (upward.reason.empty()) upward.reason = "belongs to the rows that refer to it";
    model_.error(display_table(table),
                 (rule != nullptr ? std::string("its rule says ") + to_text(rule->treatment)
                                  : std::string("it is the membership table")) +
                     ", but no foreign key, scope column or reference leads to a company",
                 upward.route.empty() ? model_.statements.no_table_rule(table)
                                      : model_.statements.table_rule(table, upward));
  }

  Statement without_route(TableIndex index) const {
    TableRule rule = *model_.rule[index];
    rule.route.clear();
    for (const Link& link : model_.ordered[index])
      if (routes_.distance[link.step.target] >= 0 &&
          std::find(rule.route.begin(), rule.route.end(), link.step.name) == rule.route.end())
        rule.route.push_back(link.step.name);
    return model_.statements.table_rule(model_.table(index), rule);
  }

  std::string broken_route(TableIndex index) const {
    for (const Link& link : model_.ordered[index]) {
      if (routes_.distance[link.step.target] >= 0) continue;
      const std::string target = display_table(model_.table(link.step.target));
      if (link.step.target == index || comes_back(link.step.target, index))
        return "its route goes round in a circle: " + display_name(link.step.name) + " leads to " +
               target + ", whose route leads back here";
      return "its route " + display_name(link.step.name) + " leads to " + target +
             ", which belongs to no company";
    }
    return "its route leads to no company";
  }

  // Does a table that is not reached wait, directly or not, for `goal`?
  bool comes_back(TableIndex start, TableIndex goal) const {
    const auto next = [this](TableIndex index, const auto& go) {
      const bool ordered = !model_.ordered[index].empty();
      for (const Link& link : ordered ? model_.ordered[index] : model_.links[index])
        if ((ordered || link.firm) && routes_.distance[link.step.target] < 0) go(link.step.target);
    };
    return is_found(
        start, [goal](TableIndex index) { return index == goal; }, next);
  }

  bool leads_to_decided(const Link& link) const {
    return routes_.distance[link.step.target] >= 0 && !undecided_[link.step.target];
  }

  // Tables that ask_nullable() asks about.
  void find_asked() {
    asked_.assign(model_.size(), false);
    for_unreached([&](TableIndex index) {
      asked_[index] = model_.rule[index] == nullptr &&
                      std::any_of(model_.links[index].begin(), model_.links[index].end(),
                                  [&](const Link& link) { return leads_to_decided(link); });
    });
  }

  // Can rows of `start` lead to `goal` over tables that are asked about?
  bool asked_leads_to(TableIndex start, TableIndex goal) const {
    const auto next = [this](TableIndex index, const auto& go) {
      if (!asked_[index]) return;
      for (const Link& link : model_.links[index]) go(link.step.target);
    };
    return is_found(
        start, [goal](TableIndex index) { return index == goal; }, next);
  }

  // The ways that a rule may name: to tables that are reached, and to those that will be when their
  // own question is answered.
  std::vector<std::string> nullable_ways(TableIndex index) const {
    std::vector<std::string> names;
    for (const Link& link : model_.links[index]) {
      const bool later = asked_[link.step.target] && !asked_leads_to(link.step.target, index);
      if ((leads_to_decided(link) || later) &&
          std::find(names.begin(), names.end(), link.step.name) == names.end())
        names.push_back(link.step.name);
    }
    return names;
  }

  // Reachable, but only through columns that can be NULL, or that lead to rows so reached.
  void ask_nullable(TableIndex index) {
    if (!asked_[index]) return;
    const std::vector<const Link*> ways =
        ways_.needed_ways(index, ways_named(index, nullable_ways(index)));
    const std::vector<std::string> names = names_of(ways);
    const bool more = columns_.ask_values(index);  // ways that nothing says yet
    undecided_[index] = true;
    const Table& table = model_.table(index);
    std::string problem =
        (names.size() == 1 ? "only a column that can be NULL leads"
                           : "only columns that can be NULL, or that lead to rows "
                             "that may be nobody's, lead") +
        std::string(" to a company: ") + list(names);
    TableRule rule =
        proposed_rule(TableTreatment::kCompany, "belongs to the company of " + list(names));
    const auto question = question_about(model_, index);
    if (question) {
      problem += "; " + question->problem;
      rule = question->rule;
    }
    if (question ? is_nobodys_trail(index, question->rule, ways) : only_name_parts(index, ways))
      rule = proposed_rule(TableTreatment::kExcluded,
                           "its rows say what was done with a company, and belong to none");
    if (rule.treatment != TableTreatment::kPeople) rule.route = names;
    const bool company = rule.treatment == TableTreatment::kCompany;
    const uint32_t without = company ? ways_.rows_without(index, ways) : 0;
    if (without > 0) rule.match_columns = natural_key_beside(table, columns_of_ways(ways));
    model_.error(display_table(table), problem, model_.statements.table_rule(table, rule));
    if (!company) {
      if (question) support_stay(index, *question);
      if (rule.treatment == TableTreatment::kAppendOnly && !more && !waits_for_others(index))
        support_trail(index, ways);
      return;
    }
    if (more || waits_for_asked(index)) model_.wait();
    if (more || waits_for_others(index)) return;
    if (without > 0 && ways.size() == 1 && !ways_.is_part(index, *ways[0]) &&
        is_only_way(index, *ways[0]) && !ways_.rests_on_guess(*ways[0], routes_)) {
      model_.support(Confidence::kLikely, std::to_string(without) +
                                              " sampled rows are nobody's: they have no value in " +
                                              list(names) +
                                              ", and no other column leads to a company");
      return;
    }
    const Support support = ways_.support_of(index, ways, routes_);
    model_.support(support.confidence, support.evidence);
  }

  // An audit trail that leads to who did something only, and that by few of its rows, or is called
  // after a table that it refers to, and whose rows are nobody's.
  bool is_nobodys_trail(TableIndex index, const TableRule& rule,
                        const std::vector<const Link*>& ways) const {
    const auto rows = model_.evidence.tables.find(index);
    const bool mostly = rows != model_.evidence.tables.end() &&
                        2 * ways_.rows_without(index, ways) > rows->second.rows;
    const auto is_its = [&](const ForeignKey* fk) {
      return fk->target != index && routes_.distance[fk->target] < 0 && !asked_[fk->target] &&
             model_.table(index).name.starts_with(model_.table(fk->target).name);
    };
    const auto& keys = model_.keys_of[index];
    return rule.treatment == TableTreatment::kAppendOnly &&
           (mostly || std::any_of(keys.begin(), keys.end(), is_its)) &&
           std::all_of(ways.begin(), ways.end(),
                       [&](const Link* way) { return ways_.is_part(index, *way); });
  }

  // Of a company, or of what it has: who did something is somebody's.
  bool only_name_parts(TableIndex index, const std::vector<const Link*>& ways) const {
    return std::all_of(ways.begin(), ways.end(),
                       [&](const Link* way) { return ways_.is_part(index, *way); }) &&
           std::any_of(ways.begin(), ways.end(), [&](const Link* way) {
             return way->step.kind == RouteStep::Kind::kCompany;
           });
  }

  // Rows that stay where they are.
  void support_stay(TableIndex index, const Question& question) {
    if (question.rule.treatment == TableTreatment::kExcluded &&
        question.confidence == Confidence::kConfident)
      model_.support(question.confidence, question.evidence);
    else if (question.rule.treatment == TableTreatment::kPeople)
      support_people(index, question.rule);
  }

  // That it is an audit trail, what it is called and what columns it has say; whose, its rows.
  void support_trail(TableIndex index, const std::vector<const Link*>& ways) {
    const Support support = ways_.support_of(index, ways, routes_);
    model_.support(
        support.confidence == Confidence::kConfident ? Confidence::kLikely : support.confidence,
        support.evidence);
  }

  void support_people(TableIndex index, const TableRule& rule) {
    const bool proved = are_people_of_several(model_, index);
    if (proved && !rule.match_columns.empty())
      model_.support(Confidence::kConfident,
                     "they can belong to several companies, as a table says that has each company "
                     "and each of them once; they are found again by " +
                         list(rule.match_columns));
    else if (proved || !rule.match_columns.empty())
      model_.support(Confidence::kLikely, "");
  }

  // Does no other column say anything of a company, by its name or its values?
  bool is_only_way(TableIndex index, const Link& way) const {
    const Table& table = model_.table(index);
    return std::all_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
      if (way.step.columns == std::vector{column.number} || is_settled(model_, index, column))
        return true;
      const PlaceEvidence* place = model_.evidence.find(index, column.number);
      if (place != nullptr) return meaning_.judge(*place).kind == Judgement::Kind::kData;
      return !can_hold_id(column) || !id_stem(column.name) || column.generated;
    });
  }

  bool waits_for_asked(TableIndex index) const {
    return std::any_of(
        model_.links[index].begin(), model_.links[index].end(), [&](const Link& link) {
          return link.step.target != index && asked_[link.step.target] && !leads_to_decided(link);
        });
  }

  // Is one of its ways to a table that nothing is decided about?
  bool waits_for_others(TableIndex index) const {
    return std::any_of(model_.links[index].begin(), model_.links[index].end(),
                       [&](const Link& link) {
                         return link.step.target != index && !leads_to_decided(link) &&
                                !model_.ruled_foreign(link.step.target);
                       });
  }

  static std::vector<std::string> names_of(const std::vector<const Link*>& ways) {
    std::vector<std::string> names;
    for (const Link* way : ways) {
      if (std::find(names.begin(), names.end(), way->step.name) == names.end())
        names.push_back(way->step.name);
    }
    return names;
  }

  std::vector<const Link*> ways_named(TableIndex index,
                                      const std::vector<std::string>& names) const {
    std::vector<const Link*> ways;
    for (const Link& link : model_.links[index]) {
      if (std::find(names.begin(), names.end(), link.step.name) != names.end())
        ways.push_back(&link);
    }
    return ways;
  }

  // What depends on undecided tables waits for their rules; asking now would be noise.
  void find_waiting() {
    std::vector<std::vector<TableIndex>> sources(model_.size());
    std::vector<TableIndex> open;
    for (TableIndex index = 0; index < static_cast<TableIndex>(model_.size()); ++index) {
      for (const Link& link : model_.links[index]) sources[link.step.target].push_back(index);
      if (undecided_[index]) open.push_back(index);
    }
    while (!open.empty()) {
      const TableIndex target = open.back();
      open.pop_back();
      for (TableIndex index : sources[target]) {
        if (undecided_[index] || routes_.distance[index] >= 0 || model_.rule[index] != nullptr)
          continue;
        undecided_[index] = true;
        open.push_back(index);
      }
    }
  }

  // True if there was something to ask about a table nothing leads to.
  bool ask_unowned(TableIndex index) {
    return columns_.ask_surest(index) || ask_people(index) || ask_parent(index) ||
           columns_.ask_others(index) || ask_apart(index) || ask_mostly_apart(index);
  }

  // Of most of its rows nobody could say that they are everybody's, and in no backup they would be
  // lost; but a few are no single company's.
  bool ask_mostly_apart(TableIndex index) {
    const UseJudgement judged = uses_of(index);
    if (judged.kind != UseJudgement::Kind::kMostlyApart || referrers_[index].empty()) return false;
    const Table& table = model_.table(index);
    TableRule rule = proposed_rule(TableTreatment::kShared, "used by several companies");
    rule.match_columns = natural_key(table);
    model_.error(display_table(table),
                 "no column leads from its rows to a company, but most seem to belong to one: " +
                     judged.evidence +
                     "; as shared rows they are in no backup: if they have to be, let each company "
                     "have its own, and say whose they are with set_reference(...)",
                 model_.statements.table_rule(table, rule));
    model_.support(judged.confidence, judged.evidence);
    return true;
  }

  bool ask_people(TableIndex index) {
    const Table& table = model_.table(index);
    if (referrers_[index].empty()) return false;
    const auto smell = table_smell(table);
    if (!smell || smell->looks_like != kLooksLikeAccess) return false;
    const bool people = looks_like_people(table);
    if (!people && !one_to_one(index).empty()) return false;  // ask_parent() knows more
    TableRule rule = people ? proposed_rule(TableTreatment::kPeople, smell->reason)
                            : proposed_rule(TableTreatment::kShared, "the same for all companies");
    rule.match_columns = people ? people_match_columns(table) : natural_key(table);
    model_.error(display_table(table),
                 "its name looks like " + smell->looks_like + "; " + referrer_text(index) +
                     (referrers_[index].size() == 1 ? " refers to it" : " refer to it"),
                 model_.statements.table_rule(table, rule));
    if (people)
      support_people(index, rule);
    else
      support_shared(index, rule);
    return true;
  }

  // Rows that exactly one row of a company refers to, and must: a settings row, a document body.
  bool ask_parent(TableIndex index) {
    const std::vector<std::string> names = one_to_one(index);
    if (names.empty()) return false;
    const Table& table = model_.table(index);
    TableRule rule =
        proposed_rule(TableTreatment::kCompany, "belongs to the one row that refers to it");
    std::string problem =
        "each of its rows seems to belong to one row of a company: " + list(names) +
        (names.size() == 1 ? " is unique and not NULL" : " are unique and not NULL");
    if (const auto question = question_about(model_, index)) {
      problem += "; " + question->problem;
      rule = question->rule;
    }
    rule.route = names;
    model_.error(display_table(table), problem, model_.statements.table_rule(table, rule));
    return true;
  }

  // The foreign keys of travelling tables that are unique and not NULL.
  std::vector<std::string> one_to_one(TableIndex index) const {
    std::vector<std::string> names;
    for (const ForeignKey* fk : model_.keys_to[index])
      if (fk->only_partition == 0 && travels(fk->table) && is_one_to_one(*fk))
        names.push_back(fk->name);
    return names;
  }

  bool is_one_to_one(const ForeignKey& fk) const {
    const Table& table = model_.table(fk.table);
    return all_not_null(table, fk.columns) &&
           std::any_of(table.unique_indexes.begin(), table.unique_indexes.end(),
                       [&](const UniqueIndex& unique) {
                         return !unique.partial && same_columns(unique.columns, fk.columns);
                       });
  }

  Model& model_;
  const Routes& routes_;
  Scope& scope_;
  Undecided& undecided_;
  const ColumnMeaning meaning_;
  UnreachedColumns columns_;
  const WayMeaning ways_;
  std::vector<std::optional<TableTreatment>> treatment_;  // of the tables reached
  std::vector<bool> asked_;
  std::vector<std::vector<TableIndex>> referrers_;
};

}  // namespace

void decide_other_tables(Model& model, const Routes& routes, Scope& scope, Undecided& undecided) {
  OtherTables(model, routes, scope, undecided).decide();
}

}  // namespace company_backup
