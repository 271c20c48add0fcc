// Taking back what a restore did to rows outside the company.
#pragma once

#include "pg/load/matched_archive.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Inserts the rows again that were deleted and sets the columns back that were set, where nobody
// has changed that since: a row whose unique values exist again, whose columns have changed, that
// is gone or would refer to a row that is gone is left alone, and noted as a problem of the
// restore. The number of these. To be called when the company's own rows are back. `load`: of the
// undo record; it knows which key the company has by now.
uint64_t bring_back_outside_rows(const LiveScope& live, int64_t restore,
                                 const MatchedArchive& load);

}  // namespace company_backup
