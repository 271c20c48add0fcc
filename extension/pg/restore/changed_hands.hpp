// Rows that a restore takes into the company or out of it by what it writes of others: a row that
// is not selected and was the company's through one that goes, say, or nobody's row to which one
// refers again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/base/spi.hpp"
#include "pg/restore/row_places.hpp"

namespace company_backup {

// Runs what it is given under the snapshot that the restore read the company with.
using LookBack = std::function<void(const std::function<void()>&)>;

// The rows of one table that were the company's, or are.
struct OwnedRows {
  const Table& table;
  const std::vector<int16_t>& key;
  std::string from;       // " FROM ... AS t WHERE ...": those of the company
  std::vector<Arg> args;  // of it
  uint32_t since;         // the command that the restore began in
};

struct ChangedHands {
  NamedRows left, joined;
  // Others changed rows meanwhile, and the rest need not be true.
  bool by_others = false;
};

// After the restore has written, under a snapshot that sees it. Reads the table twice more.
ChangedHands find_changed_hands(const OwnedRows& rows, const LookBack& look_back);

}  // namespace company_backup
