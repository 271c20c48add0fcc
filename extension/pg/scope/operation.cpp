#include "pg/scope/operation.hpp"

#include <algorithm>

#include "pg/base/company_lock.hpp"
#include "pg/base/progress.hpp"

namespace company_backup {
namespace {

bool writes(OperationKind kind) {
  return kind == OperationKind::kWrite || kind == OperationKind::kTakeBack ||
         kind == OperationKind::kDelete;
}

bool brings_back(OperationKind kind) {
  return kind == OperationKind::kWrite || kind == OperationKind::kTakeBack;
}

TablesOf tables_of(OperationKind kind) {
  return kind == OperationKind::kDelete ? TablesOf::kCompanies : TablesOf::kTravelling;
}

bool needs_decisions(OperationKind kind) {
  return kind == OperationKind::kRead || kind == OperationKind::kWrite;
}

// ROW EXCLUSIVE before the weaker locks of lock_scope(), in the same order: a lock that is raised
// later could wait for somebody who waits for us.
void lock_written(const LiveScope& live, TablesOf which) {
  std::vector<Oid> oids;
  for (const ScopedTable* scoped : live.tables(which)) {
    oids.push_back(live.table(scoped->table).oid);
  }
  std::sort(oids.begin(), oids.end());
  for (Oid oid : oids) guarded([oid] { LockRelationOid(oid, RowExclusiveLock); });
}

}  // namespace

LiveScope Operation::lock(LiveScope live, OperationKind kind,
                          const std::optional<std::string>& company) {
  show_phase("waiting");
  if (company) lock_company(*company);
  if (brings_back(kind)) lock_as_returning();
  if (writes(kind)) lock_written(live, tables_of(kind));
  live = lock_scope(std::move(live));
  if (needs_decisions(kind)) require_decided(live);
  if (kind == OperationKind::kDelete) refuse_undecided(live);
  refuse_row_security(live);
  return live;
}

Operation::Operation(LiveScope live, OperationKind kind, const std::optional<std::string>& company)
    : kind_(kind), live_(lock(std::move(live), kind, company)), held_(live_) {}

TablesOf Operation::tables() const {
  return tables_of(kind_);
}

void Operation::take_snapshot() {
  snapshot_.emplace();
  snapshot_->check_tables(live_, tables());
}

void Operation::close_snapshot() {
  snapshot_->close();
  snapshot_.reset();
}

void Operation::close() {
  settings_.close();
  held_.close();
  note_closed();
}

}  // namespace company_backup
