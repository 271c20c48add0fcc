// Records of an archive with all that hangs on them, and what they cannot be without.
//
// A row hangs on another if it refers to it by a foreign key or a soft reference of single columns,
// or if it belongs to the company through it. What hangs on a record is looked for in the archive
// and, unless rows are only added, in the company. A row that comes
// cannot be without those that it refers to so, nor without the one by which it is the company's:
// they come along where the company has them no more.
#pragma once

#include "core/merge/selection.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/restore/row_selection.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Adds the rows to `selected`, in memory that grows with their number, and some megabytes of the
// archive's lines of them, so that these need not be read again. `merges`: rows are only added.
// Reads the tables that such rows can be in. Error kInvalidParameter names a record of which
// the archive has no row, or that is no key of its table.
void select_records(const LiveScope& live, const Company& company, MatchedArchive& load,
                    const std::vector<NamedRecord>& records, bool merges, RowSelection& selected);

}  // namespace company_backup
