// What an undo record says of the selection of its restore: a revert brings back the same rows
// only.
#pragma once

#include <optional>

#include "core/text/line_cutter.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/restore/fitted_record.hpp"
#include "pg/restore/row_selection.hpp"

namespace company_backup {

// A line that says it is the whole table, or of each set of columns a line with their names, and
// their keys behind it.
void record_selection(const Table& table, const SelectedTable& selected, LineCutter& lines);

// Nothing: the restore was of all rows. `load`: of the record; where the company has another
// key since, rows are selected by that. Error kSchemaDiffers if a column is gone.
std::optional<RowSelection> recorded_selection(const FittedRecord& record, MatchedArchive& load);

}  // namespace company_backup
