// What would be there now without this transaction.
#pragma once

#include <cstdint>

#include "pg/base/closed_by_hand.hpp"

namespace company_backup {

// A snapshot of this moment, also in a REPEATABLE READ transaction, that sees nothing of what this
// transaction has done since one of its commands: rows that it has removed are there, with all that
// others have committed until now.
class FormerSnapshot : private ClosedByHand {
 public:
  // The command from which on nothing is seen, if it is asked now.
  static uint32_t mark();

  explicit FormerSnapshot(uint32_t since);
  void close();
};

}  // namespace company_backup
