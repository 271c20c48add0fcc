// The executor's state for work on one relation.
#pragma once

#include "pg/base/compat.hpp"

namespace company_backup {

// In the current memory context, inside guarded() only. `changed`: the columns that may change, as
// in RangeTblEntry.updatedCols; null: rows are inserted.
inline EState* make_estate(Relation relation, Bitmapset* changed) {
  EState* estate = CreateExecutorState();
  const MemoryContext before = MemoryContextSwitchTo(estate->es_query_cxt);
  init_range_table(estate, relation, changed);
  MemoryContextSwitchTo(before);
  return estate;
}

}  // namespace company_backup
