// Proposals that say the same of several columns, as one statement.
#pragma once

#include <string>
#include <vector>

#include "core/scope/discovery.hpp"

namespace company_backup {

// A proposal, and the rule that its statement sets.
struct Answer {
  Proposal proposal;
  RuleChange change;
  bool asked = true;  // false: only a notice asks; such answers stay alone
};

// What settles all that the answers settle, and nothing else, in fewer statements; each stands
// where the first that it takes the place of did. Columns of one name become a rule for all tables
// if every table that this is for has an answer among these, or no rows that travel. `rules`: with
// all answers applied; `scope`: found with them.
std::vector<Proposal> group_answers(const Schema& schema, const Rules& rules, const Scope& scope,
                                    const std::string& functions_schema, const Evidence& evidence,
                                    std::vector<Answer> answers);

}  // namespace company_backup
