// Breadth-first search from the company table. A sure link, which leads each row to a company,
// decides alone. Where there is none, any of the links may decide. Links that can be NULL count for
// tables whose rule says that they belong to companies; links that cannot be NULL, but lead to rows
// that may be nobody's, count for every table.
#include <algorithm>
#include <functional>
#include <map>

#include "core/scope/scope_model.hpp"
#include "core/scope/walk.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

using Candidates = std::vector<const Link*>;
using Wanted = std::function<bool(const Link&)>;

// Keeps the candidates `wanted` says yes to; if it says yes to none, all of them.
void prefer(Candidates& candidates, const Wanted& wanted) {
  if (candidates.size() < 2) return;
  Candidates kept;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(kept),
               [&](const Link* link) { return wanted(*link); });
  if (!kept.empty()) candidates = kept;
}

class Search {
 public:
  explicit Search(const Model& model)
      : model_(model),
        incoming_(model.size()),
        by_kind_(model.size(), false),
        loose_(model.size(), false) {
    for (TableIndex table = 0; table < static_cast<TableIndex>(model.size()); ++table) {
      const auto& ways = model.ordered[table].empty() ? model.links[table] : model.ordered[table];
      for (const Link& link : ways) incoming_[link.step.target].push_back(table);
    }
    find_usual_column();
    const std::string company = plain_name(model.table(model.company).name);
    for (const std::string& form : noun_forms(company))
      natural_names_.push_back(form + "_" + plain_name(model.key->name));
    if (id_stem(model.key->name)) natural_names_.push_back(plain_name(model.key->name));
  }

  Routes run() {
    do spread();
    while (admit_kinds() || admit_loose());
    for (TableIndex table = 0; table < static_cast<TableIndex>(model_.size()); ++table) {
      add_later(table);
      if (model_.ordered[table].empty()) tie(table);
    }
    return routes_;
  }

 private:
  // The column most tables with only one link to the company table use for it.
  void find_usual_column() {
    std::map<std::string, int> uses;
    for (TableIndex table = 0; table < static_cast<TableIndex>(model_.size()); ++table) {
      Candidates direct;
      for (const Link& link : model_.links[table])
        if (link.firm && link.step.kind == RouteStep::Kind::kCompany) direct.push_back(&link);
      if (direct.size() == 1) ++uses[column_name(table, *direct[0])];
    }
    const auto most = std::max_element(
        uses.begin(), uses.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != uses.end()) usual_column_ = most->first;
  }

  std::string column_name(TableIndex table, const Link& link) const {
    return column_of(model_.table(table), link.step.columns.at(0)).name;
  }

  void spread() {
    routes_.distance.assign(model_.size(), -1);
    routes_.steps.assign(model_.size(), {});
    routes_.tied.assign(model_.size(), {});
    routes_.distance[model_.company] = 0;
    sure_.assign(model_.size(), false);
    sure_[model_.company] = true;
    std::vector<TableIndex> reached{model_.company};
    for (int distance = 1; !reached.empty(); ++distance) {
      std::vector<TableIndex> next;
      for (TableIndex target : reached)
        next.insert(next.end(), incoming_[target].begin(), incoming_[target].end());
      std::sort(next.begin(), next.end());
      next.erase(std::unique(next.begin(), next.end()), next.end());
      std::erase_if(next, [&](TableIndex table) { return !decide(table, distance); });
      // Only now, so that no table of this level counts as reached for another one.
      for (TableIndex table : next) routes_.distance[table] = distance;
      reached = next;
    }
  }

  bool is_reached(const Link& link) const { return routes_.distance[link.step.target] >= 0; }

  // Does it lead each row to a company? False for links to what is not reached yet.
  bool is_sure(const Link& link) const {
    const bool always = link.firm || link.step.kind == RouteStep::Kind::kUp;
    return always && !link.of_one_kind() && sure_[link.step.target];
  }

  bool decide(TableIndex table, int distance) {
    if (routes_.distance[table] >= 0 || model_.ruled_foreign(table)) return false;
    if (!(model_.ordered[table].empty() ? take_links(table, distance) : take_ordered(table)))
      return false;
    const Candidates& steps = routes_.steps[table];
    sure_[table] =
        by_kind_[table] || !sure_kinds(model_.ordered[table]).empty() ||
        std::any_of(steps.begin(), steps.end(), [&](const Link* link) { return is_sure(*link); });
    return true;
  }

  // Does a rule say that each row belongs to a company, by its route? It would name match_columns
  // if some were nobody's. Rows that another way leads to one are counted all the same
  // (pg/check/unplaced_rows.hpp).
  bool says_all(TableIndex table) const {
    const TableRule* rule = model_.rule[table];
    return rule != nullptr && !model_.ordered[table].empty() && rule->match_columns.empty() &&
           rule->treatment != TableTreatment::kExcluded;
  }

  // All kinds of a column that is never NULL, if each leads to rows that all belong to companies.
  // That there are no other kinds, the rows are asked (pg/check/unknown_kinds.hpp).
  Candidates sure_kinds(const std::vector<Link>& links) const {
    std::map<std::vector<int16_t>, Candidates> kinds;
    for (const Link& link : links) {
      if (!link.of_one_kind()) continue;
      std::vector<int16_t> columns = link.step.columns;
      columns.push_back(link.step.when_column);
      kinds[columns].push_back(&link);
    }
    for (const auto& [columns, all] : kinds) {
      const auto sure = [&](const Link* link) {
        const TableIndex target = link->step.target;
        return link->firm && (sure_[target] || (is_reached(*link) && says_all(target)));
      };
      if (std::all_of(all.begin(), all.end(), sure)) return all;
    }
    return {};
  }

  bool take_links(TableIndex table, int distance) {
    Candidates candidates;
    if (by_kind_[table]) {
      routes_.steps[table] = sure_kinds(model_.links[table]);
      return !routes_.steps[table].empty();
    }
    for (const Link& link : model_.links[table])
      if (is_reached(link) && (is_sure(link) || loose_[table])) candidates.push_back(&link);
    if (candidates.empty()) return false;
    prefer(candidates, [&](const Link& link) { return is_sure(link); });
    if (is_sure(*candidates[0])) choose(table, candidates, distance);
    routes_.steps[table] = candidates;
    return true;
  }

  // Where no link is sure, links to tables further from the company than the nearest count, too. Of
  // a rule's route, all kinds of the columns that it names.
  void add_later(TableIndex table) {
    Candidates& steps = routes_.steps[table];
    if (steps.empty() || sure_[table]) return;
    const bool ordered = !model_.ordered[table].empty();
    for (const Link& link : ordered ? model_.ordered[table] : model_.links[table])
      if (is_reached(link) && !routes_.lead_through(link.step.target, table) &&
          std::find(steps.begin(), steps.end(), &link) == steps.end())
        steps.push_back(&link);
  }

  // Several links of which none is sure: nothing says whether one alone or any of them decides. No
  // question for kinds, each of which leads its own rows, and for rows that do not travel.
  void tie(TableIndex table) {
    const Candidates& steps = routes_.steps[table];
    if (steps.empty() || sure_[table] || !may_travel(table)) return;
    const auto kind = [](const Link* link) { return link->of_one_kind(); };
    const auto other = [&](const Link* link) {
      return kind(link) != kind(steps[0]) || link->step.columns != steps[0]->step.columns;
    };
    if (!std::all_of(steps.begin(), steps.end(), kind) &&
        std::any_of(steps.begin(), steps.end(), other))
      routes_.tied[table] = steps;
  }

  // A route that a rule names is ready when all of it is: then nothing can go round in a circle. Of
  // the kinds of a column it is enough that one is: others may lead to what belongs to no company.
  bool take_ordered(TableIndex table) {
    Candidates steps;
    for (const Link& link : model_.ordered[table]) {
      if (is_reached(link))
        steps.push_back(&link);
      else if (!link.of_one_kind())
        return false;
    }
    routes_.steps[table] = steps;
    return !steps.empty();
  }

  void choose(TableIndex table, Candidates& candidates, int distance) {
    prefer(candidates, [](const Link& link) { return link.cascade; });
    if (distance == 1)
      choose_direct(table, candidates);
    else
      prefer(candidates, [&](const Link& link) { return may_travel(link.step.target); });
    const auto first =
        *std::min_element(candidates.begin(), candidates.end(),
                          [](const Link* a, const Link* b) { return a->step.name < b->step.name; });
    candidates = {first};
  }

  // Rows that travel can be renumbered with their owner; rows that stay cannot.
  bool may_travel(TableIndex table) const {
    const TableRule* rule = model_.rule[table];
    return rule == nullptr ? table != model_.membership
                           : rule->treatment != TableTreatment::kExcluded;
  }

  void choose_direct(TableIndex table, Candidates& candidates) {
    const auto named = [&](const auto& test) {
      prefer(candidates, [&](const Link& link) { return test(column_name(table, link)); });
    };
    const auto& scope_columns = model_.rules.settings.scope_columns;
    named([&](const std::string& name) {
      return std::find(scope_columns.begin(), scope_columns.end(), name) != scope_columns.end();
    });
    prefer(candidates, [&](const Link& link) { return in_primary_key(table, link); });
    named([&](const std::string& name) { return is_natural(plain_name(name)); });
    named([&](const std::string& name) { return !usual_column_.empty() && name == usual_column_; });
    named([&](const std::string& name) {
      return !usual_column_.empty() && name.ends_with("_" + usual_column_);
    });
    const auto other_column = [&](const Link* link) {
      return link->step.columns != candidates[0]->step.columns;
    };
    if (std::any_of(candidates.begin(), candidates.end(), other_column))
      routes_.tied[table] = candidates;
  }

  bool in_primary_key(TableIndex table, const Link& link) const {
    for (const UniqueIndex& index : model_.table(table).unique_indexes)
      if (index.primary && std::find(index.columns.begin(), index.columns.end(),
                                     link.step.columns[0]) != index.columns.end())
        return true;
    return false;
  }

  bool is_natural(const std::string& name) const {
    return std::find(natural_names_.begin(), natural_names_.end(), name) != natural_names_.end();
  }

  // May a link that is not sure decide about this table?
  bool counts(TableIndex table, const Link& link) const {
    return is_reached(link) && (link.firm || model_.ruled_owned(table));
  }

  // Tables that no sure link reaches, but all kinds of a column do. True if there were any.
  bool admit_kinds() {
    bool admitted = false;
    for (TableIndex table = 0; table < static_cast<TableIndex>(model_.size()); ++table) {
      if (routes_.distance[table] >= 0 || by_kind_[table] || model_.ruled_foreign(table) ||
          !model_.ordered[table].empty() || sure_kinds(model_.links[table]).empty())
        continue;
      by_kind_[table] = admitted = true;
    }
    return admitted;
  }

  // Tables that no sure link reaches, but others do: of those the nearest may use them. True if
  // there were any, and the search has to be repeated.
  bool admit_loose() {
    int nearest = -1;
    std::vector<TableIndex> admitted;
    for (TableIndex table = 0; table < static_cast<TableIndex>(model_.size()); ++table) {
      if (routes_.distance[table] >= 0 || loose_[table] || model_.ruled_foreign(table) ||
          !model_.ordered[table].empty())
        continue;
      for (const Link& link : model_.links[table]) {
        if (!counts(table, link)) continue;
        const int distance = routes_.distance[link.step.target];
        if (nearest >= 0 && distance > nearest) continue;
        if (distance != nearest) admitted.clear();
        nearest = distance;
        admitted.push_back(table);
      }
    }
    for (TableIndex table : admitted) loose_[table] = true;
    return !admitted.empty();
  }

  const Model& model_;
  std::vector<std::vector<TableIndex>> incoming_;  // tables with a link to this one
  std::vector<bool> by_kind_;                      // a sure column of kinds decides
  std::vector<bool> loose_;                        // may use links that are not sure
  std::vector<bool> sure_;                         // each row belongs to a company
  std::string usual_column_;
  std::vector<std::string> natural_names_;
  Routes routes_;
};

}  // namespace

bool Routes::lead_through(TableIndex start, TableIndex goal) const {
  return is_found(
      start, [goal](TableIndex table) { return table == goal; },
      [this](TableIndex table, const auto& go) {
        for (const Link* link : steps[table]) go(link->step.target);
      });
}

Routes find_routes(const Model& model) {
  return Search(model).run();
}

}  // namespace company_backup
