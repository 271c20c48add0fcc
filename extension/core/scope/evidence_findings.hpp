// What looking at rows has to say of itself: what could not be looked at, and why.
#pragma once

#include <vector>

#include "core/scope/evidence.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// Nothing is proposed for them.
std::vector<Finding> evidence_findings(const Schema& schema, const Rules& rules, const Scope& scope,
                                       const Evidence& evidence,
                                       const std::string& functions_schema);

}  // namespace company_backup
