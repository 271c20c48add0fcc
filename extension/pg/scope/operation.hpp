// The beginning and the end of everything that acts on companies, always in this order: the lock of
// the company, the locks of the tables, the scope as it is under them, whether it is decided, row
// security, the tables held open, the settings; then a snapshot. Two operations that take these in
// different orders would wait for each other, or read what they have not locked.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "pg/base/closed_by_hand.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/pinned_settings.hpp"
#include "pg/base/progress.hpp"
#include "pg/scope/company_scope.hpp"
#include "pg/scope/held_tables.hpp"

namespace company_backup {

enum class OperationKind {
  kLook,      // reads, also while something is undecided: that is what is looked for
  kRead,      // reads what travels
  kWrite,     // writes what travels
  kTakeBack,  // writes, also while something is undecided: a restore can always be taken back
  kDelete,    // writes whatever belongs to a company; never while something is undecided
};

class Operation : private ClosedByHand {
 public:
  // `company`: the key of the one that is written. Without one nothing is locked but tables: who
  // creates a company knows its key later, who reads needs no lock. Errors: those of lock_scope(),
  // kUndecided, kRowSecurity.
  Operation(LiveScope live, OperationKind kind, const std::optional<std::string>& company = {});

  const LiveScope& live() const { return live_; }

  // All is read as of one moment from here on. Errors: see ReadSnapshot::check_tables().
  void take_snapshot();
  void close_snapshot();
  // After an error that rolled back the subtransaction in which it was taken: another one may be.
  void forget_snapshot() { snapshot_.reset(); }

  // Runs `body` under a snapshot of this moment that sees what was written: what others have done
  // since the snapshot is proved against, too. Error kTableChanged if a partition went away.
  template <class Body>
  void look_again(Body&& body) {
    show_phase("checking");
    FreshSnapshot fresh;
    refuse_detaching(live_, tables());
    body();
    fresh.close();
    refuse_detaching(live_, tables());
  }

  // Meanwhile: runs `body` under the snapshot again, which sees nothing that was written since.
  void look_back(const std::function<void()>& body) const { snapshot_->look_back(body); }

  // Settings and tables are as before. The locks stay until the transaction ends.
  void close();

 private:
  TablesOf tables() const;
  static LiveScope lock(LiveScope live, OperationKind kind,
                        const std::optional<std::string>& company);

  const OperationKind kind_;
  const LiveScope live_;
  HeldTables held_;
  PinnedSettings settings_;
  std::optional<ReadSnapshot> snapshot_;
};

}  // namespace company_backup
