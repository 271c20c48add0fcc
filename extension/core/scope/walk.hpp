// Walks from table to table.
#pragma once

#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

// Is there a table that `found(table)` says yes to: `start`, or one that is got to from it?
// `next(table, go)` calls go(further) for each table that this one leads to. Circles end: each
// table is looked at once.
template <typename Found, typename Next>
bool is_found(TableIndex start, Found&& found, Next&& next) {
  std::vector<TableIndex> open{start};
  std::vector<bool> seen;
  while (!open.empty()) {
    const TableIndex table = open.back();
    open.pop_back();
    const auto place = static_cast<size_t>(table);
    if (place >= seen.size()) seen.resize(place + 1);
    if (seen[place]) continue;
    seen[place] = true;
    if (found(table)) return true;
    next(table, [&](TableIndex further) { open.push_back(further); });
  }
  return false;
}

}  // namespace company_backup
