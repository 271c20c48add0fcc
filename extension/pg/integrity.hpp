// Proves the foreign keys of rows that were loaded without their triggers.
#pragma once

#include "pg/company_scope.hpp"

namespace company_backup {

// Every foreign key of every travelling table, for this company's rows as they are now: within the
// company by one set query, as the caller; a row outside (shared, a person, excluded, kept by rule)
// is looked up and taken FOR KEY SHARE as its table's owner, as an INSERT would.
//
// `keep_outside`: references that a rule keeps may lead to other companies; only right for rows of
// this same database. Error kIntegrity names the constraint and the first rows.
void prove_references(const LiveScope& live, const Company& company, bool keep_outside);

}  // namespace company_backup
