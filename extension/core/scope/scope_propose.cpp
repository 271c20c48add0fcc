// The statements a reviewer would run next.
#include <set>

#include "core/scope/company_guess.hpp"
#include "core/scope/discovery.hpp"
#include "core/text/error.hpp"

namespace company_backup {
namespace {

std::vector<Proposal> hints(const Scope& scope) {
  std::vector<Proposal> proposals;
  std::set<std::string> seen;
  for (const Finding& finding : scope.findings)
    if (!finding.hint.empty() && seen.insert(finding.hint).second)
      proposals.push_back(proposal_of(finding));
  return proposals;
}

}  // namespace

Proposal proposal_of(const Finding& finding) {
  return {finding.hint, finding.confidence,
          finding.evidence.empty() ? finding.problem : finding.evidence};
}

std::vector<Proposal> propose_rules(const Schema& schema, const Rules& rules,
                                    const std::string& functions_schema) {
  const Settings& settings = rules.settings;
  if (settings.company_table.empty()) return propose_company_table(schema, functions_schema);
  try {
    return hints(discover_scope(schema, rules, functions_schema));
  } catch (const Error& error) {
    if (error.sqlstate() != std::string(sqlstate::kNoRoute)) throw;
    const TableIndex company = schema.find(settings.company_schema, settings.company_table);
    const auto proposed = propose_scope_columns(schema, company, settings, functions_schema);
    if (proposed.empty()) throw;
    return proposed;
  }
}

}  // namespace company_backup
