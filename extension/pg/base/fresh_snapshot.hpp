// What is there now.
#pragma once

namespace company_backup {

// A snapshot of this moment, also in a REPEATABLE READ transaction, that sees what this transaction
// has written; active until close().
class FreshSnapshot {
 public:
  FreshSnapshot();
  void close();
};

}  // namespace company_backup
