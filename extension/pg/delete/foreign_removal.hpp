// Removing rows of a company from a table whose rows live elsewhere: by plain SQL, by all their
// values, as such a table need not have a key.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/text/row_line.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Gives `visit` each row that the company has under the active snapshot, as texts of these columns
// (all of the table), and then, unless `preview`, removes them. Their number. Errors: those of
// refuse_code_of_delete(); 42501; kSerializationFailure if others are there by then.
uint64_t remove_foreign_rows(const LiveScope& live, const Company& company, TableIndex index,
                             bool preview,
                             const std::function<void(const std::vector<const Column*>& columns,
                                                      const std::vector<RowValue>& row)>& visit);

}  // namespace company_backup
