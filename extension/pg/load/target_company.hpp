// The company that rows go into: its locks, its row, and whether it has others.
#pragma once

#include <vector>

#include "pg/load/matched_archive.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// FOR NO KEY UPDATE. Error kSerializationFailure if it is not there any more.
void lock_company_row(const LiveScope& live, const Company& company);

// Columns of the company's row as they are.
CompanyRow read_company(const LiveScope& live, const Company& company,
                        const std::vector<int16_t>& numbers);

// Has the company rows besides its own one?
bool has_rows(const LiveScope& live, const Company& company);
// Error kTargetNotEmpty lists the tables in which the company has rows.
void require_empty(const LiveScope& live, const Company& company);

}  // namespace company_backup
