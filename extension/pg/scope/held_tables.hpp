// Tables that stay as they were looked up. Locks keep other sessions from altering them; against
// code that runs within our own transaction they are held open, and ALTER TABLE, CREATE INDEX and
// the like refuse to touch a table that is in use.
#pragma once

#include <vector>

#include "pg/base/closed_by_hand.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Holds, until close() or an error, the tables of the scope, what is partitioned below them, and
// the composite types of their columns. To be made under the locks of lock_scope().
class HeldTables : private ClosedByHand {
 public:
  explicit HeldTables(const LiveScope& live);
  void close();

 private:
  std::vector<Relation> relations_;
};

}  // namespace company_backup
