// What the structure cannot say of the scope, but the rows can: some that no company would get,
// though they lead to one, and kinds of IDs of which no rule says what they mean.
#pragma once

#include <vector>

#include "pg/check/reference_check.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Does the scope leave such a question open? Else nothing is to be found.
bool needs_rows(const LiveScope& live);

// Findings about the rows of all companies, as the active snapshot has them. Of severity kError:
// tables of which rows are lost are counted, each unknown kind is named. Of severity kNotice: rows
// that have a value where one leads to a company, but one that leads nowhere. Reads whole tables,
// of those that the scope leaves such a question about.
std::vector<Finding> find_unplaced_rows(const LiveScope& live);

// The rows of this company that would be lost, each by the reference that leads to the company.
std::vector<ReferenceProblem> lost_rows(const LiveScope& live, const Company& company);

// What require_placed_rows() would list.
std::vector<std::string> unplaced_rows(const LiveScope& live, const Company& company);

// Error kUndecided if rows of this company would be lost, or kinds are unknown, unless
// company_backup.strict is off.
void require_placed_rows(const LiveScope& live, const Company& company);

}  // namespace company_backup
