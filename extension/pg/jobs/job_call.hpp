// The call of the extension's own function that a job consists of. It goes through SQL, as whoever
// started the job: EXECUTE, the guard and all rights are looked at there, by today's state.
#pragma once

#include <string>

#include "pg/base/spi.hpp"
#include "pg/jobs/job_action.hpp"

namespace company_backup {

struct JobCall {
  JobAction action;
  Text company;
  std::string options;  // a JSON object
  Text actor;
  Text proof = std::nullopt;
};

// The option that is a secret: stored nowhere.
inline constexpr const char* kProofOption = "proof";

// Error kInvalidParameter: the options are not those that the function takes besides company and
// actor, by name and JSON type, or one is missing that it needs.
void require_options(const JobCall& call);

// Returns the result as text: an ID or a key; of a preview, its rows as a JSON array.
Text run_call(const JobCall& call);

}  // namespace company_backup
