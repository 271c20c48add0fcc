#include "pg/fresh_snapshot.hpp"

#include "pg/boundary.hpp"

namespace company_backup {

FreshSnapshot::FreshSnapshot() {
  guarded([] {
    CommandCounterIncrement();
    PushActiveSnapshot(GetLatestSnapshot());
  });
}

void FreshSnapshot::close() {
  guarded([] { PopActiveSnapshot(); });
}

}  // namespace company_backup
