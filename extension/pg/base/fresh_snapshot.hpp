// What is there now.
#pragma once

#include "pg/base/closed_by_hand.hpp"

namespace company_backup {

// A snapshot of this moment, also in a REPEATABLE READ transaction, that sees what this transaction
// has written; active until close().
class FreshSnapshot : private ClosedByHand {
 public:
  FreshSnapshot();
  void close();
};

}  // namespace company_backup
