// IDs of which another column says what table they mean, where no rule knows what that column says:
// a copy of such a row would keep the ID of the row it was made of.
#pragma once

#include <vector>

#include "pg/check/reference_check.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Are there columns that could hold such IDs? Else none is to be found.
bool has_kinds(const LiveScope& live);

// One finding of severity kError for each kind that rows with an ID have and no rule names. NULL
// is one, too. Of all companies' rows as the active snapshot has them; of documents, which have to
// be read one by one, only of the company's if one is given.
std::vector<Finding> find_unknown_kinds(const LiveScope& live, const Company* company);

// Rows with an ID whose kind is NULL: those of the company, and those of nobody that would be the
// company's if they had one of the kinds that a rule knows. Not of documents.
std::vector<ReferenceProblem> rows_without_kind(const LiveScope& live, const Company& company);

}  // namespace company_backup
