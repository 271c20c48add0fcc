// Columns that together could be a composite key: (task_id, task_inserted_at) for a table with the
// key (id, inserted_at). Found by their names; values prove it.
#pragma once

#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

struct ColumnPair {
  TableIndex table = kNoTable;
  TableIndex target = kNoTable;
  std::vector<int16_t> columns;  // of table
  std::vector<int16_t> key;      // of target, in the same order
  std::vector<int16_t> own;      // of columns: what is not called as in the key
  bool named = false;            // what stands before their names is the target's name
};

// By table; never more than a few thousand. Columns with a foreign key are none, unless they are
// called as in the key.
std::vector<ColumnPair> column_pairs(const Schema& schema);

}  // namespace company_backup
