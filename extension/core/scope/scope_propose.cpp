// The statements a reviewer would run next.
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "core/scope/company_guess.hpp"
#include "core/scope/discovery.hpp"
#include "core/scope/proposal_groups.hpp"
#include "core/scope/rule_change.hpp"
#include "core/text/error.hpp"

namespace company_backup {
namespace {

// The statements of all findings, as if those of the rounds before were applied.
class Rounds {
 public:
  Rounds(const Schema& schema, const Rules& rules, const std::string& functions_schema,
         const Evidence& evidence)
      : schema_(schema), rules_(rules), functions_schema_(functions_schema), evidence_(evidence) {}

  Scope proved() {
    for (int round = 0; round < kMost; ++round) {
      Scope scope = discover_scope(schema_, rules_, functions_schema_, evidence_);
      if (!add(scope, Confidence::kConfident, [](const Finding&) { return true; })) return scope;
    }
    return discover_scope(schema_, rules_, functions_schema_, evidence_);
  }

  std::vector<Proposal> propose() {
    for (int round = 0; round < kMost && add_round(); ++round) {
    }
    const Scope scope = discover_scope(schema_, rules_, functions_schema_, evidence_);
    return group_answers(schema_, rules_, scope, functions_schema_, evidence_, std::move(answers_));
  }

 private:
  static constexpr int kMost = 80;  // each adds a statement

  // What is surest is applied first: it may answer what would be guessed. False if nothing is new.
  bool add_round() {
    const Scope scope = discover_scope(schema_, rules_, functions_schema_, evidence_);
    for (const Confidence confidence : {Confidence::kConfident, Confidence::kLikely}) {
      if (add(scope, confidence, [](const Finding&) { return true; })) return true;
    }
    // Who the people are, and what stays behind, decides about the ways of the others.
    return add(scope, Confidence::kGuess, says_what_stays) ||
           add(scope, Confidence::kGuess, [](const Finding& finding) { return !finding.waits; }) ||
           add(
               scope, Confidence::kGuess, [](const Finding&) { return true; }, some_waiting(scope));
  }

  // A few at a time: each may answer others. Where many wait, more, so that there is an end.
  static size_t some_waiting(const Scope& scope) {
    constexpr size_t kShare = 4;
    const auto waits = [](const Finding& finding) { return finding.waits; };
    const auto all = std::count_if(scope.findings.begin(), scope.findings.end(), waits);
    return 1 + static_cast<size_t>(all) / kShare;
  }

  static bool says_what_stays(const Finding& finding) {
    const TableRule* rule = std::get_if<TableRule>(&finding.change);
    return std::holds_alternative<Membership>(finding.change) ||
           (rule != nullptr && rule->treatment != TableTreatment::kCompany);
  }

  template <class Wanted>
  bool add(const Scope& scope, Confidence confidence, Wanted&& is_wanted,
           size_t most = std::numeric_limits<size_t>::max()) {
    size_t added = 0;
    for (const Finding& finding : scope.findings) {
      if (finding.confidence != confidence || finding.hint.empty()) continue;
      if (!is_wanted(finding)) continue;
      // What waits may be said again, after others were answered.
      if (++seen_[finding.hint] > (finding.waits ? 2 : 1)) continue;
      place_for(finding.change) = {proposal_of(finding), finding.change,
                                   finding.severity != Severity::kNotice};
      apply_change(finding.change, confidence == Confidence::kGuess, rules_);
      if (++added == most) break;
    }
    return added > 0;
  }

  // Of two rules for one table, or column, the later one knows more.
  Answer& place_for(const RuleChange& change) {
    if (const TableRule* rule = std::get_if<TableRule>(&change))
      return place_of({rule->schema, rule->table, ""});
    if (const ColumnRule* rule = std::get_if<ColumnRule>(&change))
      return place_of({rule->schema, rule->table, rule->column});
    return answers_.emplace_back();
  }

  using Place = std::tuple<std::string, std::string, std::string>;

  Answer& place_of(const Place& place) {
    const auto [known, added] = rules_at_.try_emplace(place, answers_.size());
    return added ? answers_.emplace_back() : answers_[known->second];
  }

  const Schema& schema_;
  Rules rules_;
  const std::string& functions_schema_;
  const Evidence& evidence_;
  std::vector<Answer> answers_;
  std::map<std::string, int> seen_;
  std::map<Place, size_t> rules_at_;  // which answer says it
};

}  // namespace

Proposal proposal_of(const Finding& finding) {
  return {finding.hint, finding.confidence,
          finding.evidence.empty() ? finding.problem : finding.evidence};
}

std::vector<Proposal> propose_rules(const Schema& schema, const Rules& rules,
                                    const std::string& functions_schema, const Evidence& evidence) {
  const Settings& settings = rules.settings;
  if (settings.company_table.empty()) return propose_company_table(schema, functions_schema);
  try {
    return Rounds(schema, rules, functions_schema, evidence).propose();
  } catch (const Error& error) {
    if (error.sqlstate() != std::string(sqlstate::kNoRoute)) throw;
    const TableIndex company = schema.find(settings.company_schema, settings.company_table);
    const auto proposed = propose_scope_columns(schema, company, settings, functions_schema);
    if (proposed.empty()) throw;
    return proposed;
  }
}

Scope proved_scope(const Schema& schema, const Rules& rules, const std::string& functions_schema,
                   const Evidence& evidence) {
  return Rounds(schema, rules, functions_schema, evidence).proved();
}

}  // namespace company_backup
