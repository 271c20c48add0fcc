// Evidence for core/scope/judgement.hpp, from the rows: a sample of the values of all columns that
// could refer to something, looked up among all keys; and which companies use what is nobody's.
#pragma once

#include "core/scope/evidence.hpp"

namespace company_backup {

// Reads as the active snapshot has it what the current user may read: some pages of each table, and
// the keys of all. Goes on for company_backup.evidence_time, and says after that what was not
// looked at; with 0 nothing is. Tells every few seconds how far it is.
Evidence gather_evidence(const Schema& schema, const Rules& rules);

}  // namespace company_backup
