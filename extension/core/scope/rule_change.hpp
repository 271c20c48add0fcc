// What a proposed statement would do to the rules.
#pragma once

#include "core/scope/scope.hpp"

namespace company_backup {

// In place of the rule that says something of the same. `guessed`: TableRule::guessed of it. False
// if the change is none.
bool apply_change(const RuleChange& change, bool guessed, Rules& rules);

}  // namespace company_backup
