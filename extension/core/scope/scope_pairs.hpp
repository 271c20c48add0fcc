// Columns that together are keys of a table, as their values say. Internal to scope*.cpp.
#pragma once

#include <vector>

#include "core/scope/scope_model.hpp"

namespace company_backup {

// A pair of columns that is a reference for sure: its values are keys, and it is named after the
// table or cannot match by chance, of one table only. None of its own columns is settled, by a rule
// or a reference.
struct ProvedPair {
  const ColumnPair* pair;
  std::string evidence;
};
std::vector<ProvedPair> proved_pairs(const Model& model, TableIndex table);

// "task_id and task_inserted_at".
std::string told_pair(const Model& model, const ColumnPair& pair);

// set_reference() for it.
Statement pair_reference(const Model& model, const ColumnPair& pair);

}  // namespace company_backup
