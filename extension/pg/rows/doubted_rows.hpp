// Rows that are written though a constraint may not hold, and looked at again once all rows are:
// CHECKs that call functions, and constraints that are deferrable.
#pragma once

#include <functional>
#include <vector>

#include "pg/base/boundary.hpp"

namespace company_backup {

// A row whose deferrable unique or exclusion constraint may be violated.
struct Suspect {
  Oid relation;
  Oid index;
  ItemPointerData tid;
};
// Inside guarded() only, as the owner of the code on it: PostgreSQL's own 23505 or 23P01 if it is.
void prove_constraint(const Suspect& suspect);

// Rows whose CHECK was false when they were written and calls a function: it may have looked for
// rows that were not there yet. They are looked at again once all rows are.
class DoubtedRows {
 public:
  void add(Oid relation, const ItemPointerData& tid) { rows_.push_back({relation, tid}); }
  // PostgreSQL's own 23514 if a CHECK is false still.
  void prove();
  // Tells of each row of which one is. An error that another one raises passes if there is none:
  // without such rows it may not be raised.
  using Found = std::function<void(Oid relation, ItemPointerData tid, const CaughtError& why)>;
  void find_false(const Found& found);

 private:
  struct Doubted {
    Oid relation;
    ItemPointerData tid;
  };
  void prove_from(size_t* at) const;

  std::vector<Doubted> rows_;
};

}  // namespace company_backup
