// What has to say yes before a company is deleted: functions of the application, by name, evaluated
// as the caller. They may not call back into the extension.
#pragma once

#include <string>
#include <vector>

#include "pg/base/spi.hpp"

namespace company_backup {

// The messages of the preconditions that say no to a deletion of this company (its key), or that
// gave no answer, in the order of their names.
std::vector<std::string> unmet_preconditions(const std::string& company, const Text& actor);

// Errors kPrecondition, with the precondition's own message, if it says no; kNoAnswer if it is
// gone, gives NULL or fails.
void require_preconditions(const std::string& company, const Text& actor);

// Has set_reauthentication() registered a check?
bool takes_proof();

// Asks the check, if one is registered. The proof is told to nobody else. Errors kProof without
// one, or if the check does not accept it; kProofBlocked after too many of these; kNoAnswer as
// above.
void require_proof(const std::string& company, const Text& actor, const Text& proof);

}  // namespace company_backup
