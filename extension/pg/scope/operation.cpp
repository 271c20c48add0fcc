#include "pg/scope/operation.hpp"

#include <algorithm>

#include "pg/base/company_lock.hpp"

namespace company_backup {
namespace {

bool writes(OperationKind kind) {
  return kind == OperationKind::kWrite || kind == OperationKind::kTakeBack;
}

bool needs_decisions(OperationKind kind) {
  return kind == OperationKind::kRead || kind == OperationKind::kWrite;
}

// ROW EXCLUSIVE before the weaker locks of lock_scope(), in the same order: a lock that is raised
// later could wait for somebody who waits for us.
void lock_travelling(const LiveScope& live) {
  std::vector<Oid> oids;
  for (const ScopedTable* scoped : live.travelling()) oids.push_back(live.table(scoped->table).oid);
  std::sort(oids.begin(), oids.end());
  for (Oid oid : oids) guarded([oid] { LockRelationOid(oid, RowExclusiveLock); });
}

}  // namespace

LiveScope Operation::lock(LiveScope live, OperationKind kind,
                          const std::optional<std::string>& company) {
  if (company) lock_company(*company);
  if (writes(kind)) lock_travelling(live);
  live = lock_scope(std::move(live));
  if (needs_decisions(kind)) require_decided(live);
  refuse_row_security(live);
  return live;
}

Operation::Operation(LiveScope live, OperationKind kind, const std::optional<std::string>& company)
    : live_(lock(std::move(live), kind, company)), held_(live_) {}

void Operation::take_snapshot() {
  snapshot_.emplace();
  snapshot_->check_tables(live_);
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
