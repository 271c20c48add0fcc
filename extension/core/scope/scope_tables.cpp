// The tables that a route reaches: their treatment, and what has to be asked about them.
#include <algorithm>
#include <set>

#include "core/scope/scope_ways.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

class OwnedTables {
 public:
  OwnedTables(Model& model, const Routes& routes, Scope& scope, Undecided& undecided)
      : model_(model), routes_(routes), scope_(scope), undecided_(undecided), ways_(model) {}

  void decide() {
    scope_.tables.push_back(company_table());
    for (TableIndex index = 0; index < static_cast<TableIndex>(model_.size()); ++index)
      if (index != model_.company && routes_.distance[index] >= 0)
        scope_.tables.push_back(owned_table(index));
  }

 private:
  ScopedTable base(TableIndex index) const {
    const Table& table = model_.table(index);
    ScopedTable scoped;
    scoped.table = index;
    scoped.area = table.schema;
    scoped.key = pick_key(table);
    if (const TableRule* rule = model_.rule[index]) {
      if (!rule->area.empty()) scoped.area = rule->area;
      scoped.reason = rule->reason;
    }
    return scoped;
  }

  ScopedTable company_table() const {
    ScopedTable scoped = base(model_.company);
    scoped.treatment = TableTreatment::kCompany;
    scoped.decided_by = DecidedBy::kCompanyTable;
    RouteStep step;
    step.name = model_.key->name;
    step.target = model_.company;
    step.columns = step.target_columns = {model_.key->number};
    const std::string equality = common_equality(*model_.key, *model_.key);
    if (!equality.empty()) step.operators = {equality};
    scoped.routes.push_back(step);
    scoped.route_text = display_name(step.name);
    return scoped;
  }

  ScopedTable owned_table(TableIndex index) {
    ScopedTable scoped = base(index);
    for (const Link* link : routes_.steps[index]) scoped.routes.push_back(link->step);
    for (const Link& link : model_.hanging[index]) scoped.own_steps.push_back(link.step);
    scoped.other_ways = other_ways(index);
    scoped.route_text = route_text(index);
    scoped.treatment = TableTreatment::kCompany;
    if (const TableRule* rule = model_.rule[index]) {
      scoped.treatment = rule->treatment;
      scoped.decided_by = DecidedBy::kRule;
      scoped.match_columns = rule->match_columns;
    } else if (index == model_.membership) {
      scoped.treatment = TableTreatment::kExcluded;
      scoped.decided_by = DecidedBy::kMembership;
      scoped.reason = "says who belongs to a company";
    } else {
      scoped.decided_by = routes_.steps[index][0]->origin;
      scoped.reason = reason_of(*routes_.steps[index][0]);
    }
    widen(index);
    const std::string question = ask(index);
    if (!question.empty()) {  // fail closed: until it is decided it does not travel
      undecided_[index] = true;
      scoped.treatment = TableTreatment::kExcluded;
      scoped.reason = "undecided: " + question;
    }
    return scoped;
  }

  // Of a table whose rule names match_columns it is said that rows can belong to nobody.
  std::vector<RouteStep> other_ways(TableIndex index) const {
    std::vector<RouteStep> ways;
    if (model_.rule[index] != nullptr && !model_.rule[index]->match_columns.empty()) return ways;
    std::vector<const Link*> steps = routes_.steps[index];
    for (const Link& link : model_.hanging[index]) steps.push_back(&link);
    for (const Link& link : model_.links[index]) {
      const auto same = [&](const Link* step) {
        return step->step.name == link.step.name && step->step.when_value == link.step.when_value;
      };
      if (routes_.distance[link.step.target] >= 0 && std::none_of(steps.begin(), steps.end(), same))
        ways.push_back(link.step);
    }
    return ways;
  }

  std::string reason_of(const Link& link) const {
    const std::string target = display_table(model_.table(link.step.target));
    if (link.step.kind == RouteStep::Kind::kCompany)
      return display_name(link.step.name) + " refers to the company table";
    return display_name(link.step.name) + " refers to " + target + ", which belongs to a company";
  }

  static std::string step_text(const RouteStep& step) {
    return display_name(step.name) +
           (step.when_column == 0 ? "" : " (" + quote_literal(step.when_value) + ")");
  }

  std::string route_text(TableIndex index) const {
    std::string text;
    for (const Link* link : routes_.steps[index]) {
      if (!text.empty()) text += " | ";
      text += step_text(link->step);
      for (TableIndex next = link->step.target; next != model_.company;) {
        const Link* first = routes_.steps[next][0];
        text += " > " + step_text(first->step);
        next = first->step.target;
      }
    }
    for (const Link& link : model_.hanging[index]) text += " | " + step_text(link.step);
    return text;
  }

  // What is undecided about a table in the scope, as a finding; empty: nothing.
  std::string ask(TableIndex index) {
    const Table& table = model_.table(index);
    const bool ruled = model_.rule[index] != nullptr || index == model_.membership;
    const std::optional<Question> question = ruled ? std::nullopt : question_about(model_, index);
    std::string problem = question ? question->problem : "";
    TableRule rule = question ? question->rule : present_rule(index);
    if (!routes_.tied[index].empty()) {
      if (question) problem += "; ";
      problem += describe_tie(index);
      if (rule.treatment != TableTreatment::kPeople) rule.route = proposed_route(index);
      if (rule.reason.empty()) rule.reason = "belongs to the company of " + list(rule.route);
    }
    if (problem.empty()) return "";
    const bool settled_otherwise = routes_.tied[index].empty() && question->statement.has_value();
    model_.error(
        display_table(table), problem,
        settled_otherwise ? *question->statement : model_.statements.table_rule(table, rule));
    if (routes_.tied[index].empty()) {
      model_.support(question->confidence, question->evidence);
    } else if (!question && rule.treatment == TableTreatment::kCompany) {
      const Support support =
          ways_.support_of(index, ways_.needed_ways(index, routes_.tied[index]), routes_);
      model_.support(support.confidence, support.evidence);
    }
    return problem;
  }

  // A route that is only supposed was made when some of the ways led nowhere yet.
  void widen(TableIndex index) {
    const TableRule* supposed = model_.rule[index];
    if (supposed == nullptr || !supposed->guessed || supposed->route.empty() ||
        supposed->treatment == TableTreatment::kExcluded)
      return;
    TableRule rule = *supposed;
    std::vector<const Link*> ways = routes_.steps[index];
    for (const Link& link : model_.links[index]) {
      if (routes_.distance[link.step.target] < 0 || contradicts(index, ways, link)) continue;
      if (std::find(rule.route.begin(), rule.route.end(), link.step.name) != rule.route.end() ||
          routes_.lead_through(link.step.target, index) || !is_needed(index, ways, link))
        continue;
      rule.route.push_back(link.step.name);
      ways.push_back(&link);
    }
    if (rule.route.size() == supposed->route.size()) return;
    if (ways_.rows_without(index, ways) == 0) rule.match_columns.clear();
    if (rule.treatment == TableTreatment::kCompany)
      rule.reason = "belongs to the company of " + list(rule.route);
    model_.error(display_table(model_.table(index)),
                 "more columns than its route names lead to a company: " + list(rule.route),
                 model_.statements.table_rule(model_.table(index), rule));
    model_.wait();
  }

  bool is_needed(TableIndex index, std::vector<const Link*> ways, const Link& link) const {
    ways.push_back(&link);
    ways = ways_.needed_ways(index, ways);
    return std::find(ways.begin(), ways.end(), &link) != ways.end();
  }

  // Are there rows of which the link leads to another company than a way does?
  bool contradicts(TableIndex index, const std::vector<const Link*>& ways, const Link& link) const {
    return std::any_of(ways.begin(), ways.end(),
                       [&](const Link* way) { return ways_.conflict(index, *way, link); });
  }

  TableRule present_rule(TableIndex index) const {
    if (model_.rule[index] != nullptr) return *model_.rule[index];
    if (index == model_.membership)
      return proposed_rule(TableTreatment::kExcluded, "says who belongs to a company");
    return proposed_rule(TableTreatment::kCompany);
  }

  static std::vector<std::string> names_of(const std::vector<const Link*>& ways) {
    std::vector<std::string> names;
    for (const Link* link : ways) names.push_back(link->step.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

  std::string describe_tie(TableIndex index) const {
    const auto names = names_of(routes_.tied[index]);
    return (names.size() == 2 ? "two columns" : std::to_string(names.size()) + " columns") +
           std::string(" could say which company a row belongs to: ") + list(names);
  }

  // Two company columns that are never NULL contradict each other; of several parents, or of
  // columns that can be NULL, any may say the owner.
  std::vector<std::string> proposed_route(TableIndex index) const {
    const std::vector<const Link*> tied = ways_.needed_ways(index, routes_.tied[index]);
    std::vector<std::string> names = names_of(tied);
    if (std::all_of(tied.begin(), tied.end(), [](const Link* link) {
          return link->firm && link->step.kind == RouteStep::Kind::kCompany;
        }))
      names.resize(1);
    return names;
  }

  Model& model_;
  const Routes& routes_;
  Scope& scope_;
  Undecided& undecided_;
  const WayMeaning ways_;
};

}  // namespace

void decide_owned_tables(Model& model, const Routes& routes, Scope& scope, Undecided& undecided) {
  OwnedTables(model, routes, scope, undecided).decide();
}

}  // namespace company_backup
