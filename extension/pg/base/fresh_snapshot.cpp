#include "pg/base/fresh_snapshot.hpp"

#include "pg/base/boundary.hpp"

namespace company_backup {

FreshSnapshot::FreshSnapshot() {
  guarded([] {
    CommandCounterIncrement();
    PushActiveSnapshot(GetLatestSnapshot());
  });
}

void FreshSnapshot::close() {
  guarded([] { PopActiveSnapshot(); });
  note_closed();
}

}  // namespace company_backup
