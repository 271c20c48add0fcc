// Scope discovery: finds out which tables hold rows of a company, by which route, and what is
// undecided. Pure: the same schema and rules always give the same scope. DESIGN: fail closed; what
// discovery does not understand becomes a finding of severity kError, and backups refuse while one
// stands.
#pragma once

#include <string>
#include <vector>

#include "core/scope/evidence.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// `rules`: with those that apply_to_tables() of core/scope/rules_for_all.hpp adds.
// `functions_schema`: the quoted schema of the extension's functions, for hints ("public").
// `evidence`: with it, questions about IDs are asked and answered by values, too; without rows,
// names alone decide.
// Throws Error kNotConfigured, kStaleRule (the company table or its key column is gone), kNoRoute.
// Every other stale rule is a finding that names it.
Scope discover_scope(const Schema& schema, const Rules& rules, const std::string& functions_schema,
                     const Evidence& evidence = {});

struct Proposal {
  std::string statement;
  Confidence confidence = Confidence::kGuess;
  std::string evidence;
};

// The statements a reviewer would run next: for an unset company table a guess at it, else the
// hints of all open findings, and of those that are open once these are applied, and so on.
// Statements that say the same of several columns are one.
std::vector<Proposal> propose_rules(const Schema& schema, const Rules& rules,
                                    const std::string& functions_schema,
                                    const Evidence& evidence = {});

// The scope as it is once all that is confident is applied.
Scope proved_scope(const Schema& schema, const Rules& rules, const std::string& functions_schema,
                   const Evidence& evidence);

// What the finding's hint proposes.
Proposal proposal_of(const Finding& finding);

}  // namespace company_backup
