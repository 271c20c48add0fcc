// Removing rows of a foreign table, by their key and as pg/base/foreign_reader.hpp says.
#pragma once

#include "pg/restore/merge_plan.hpp"

namespace company_backup {

// Error 42501 unless the caller may. `values`: of all columns of a current row. Error
// kSerializationFailure unless exactly one row goes; kSchemaDiffers if the table has no key.
void remove_foreign_row(const MergePlan& plan, const std::vector<RowValue>& values);

}  // namespace company_backup
