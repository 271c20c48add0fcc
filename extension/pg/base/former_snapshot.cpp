#include "pg/base/former_snapshot.hpp"

#include "pg/base/boundary.hpp"

namespace company_backup {

uint32_t FormerSnapshot::mark() {
  return guarded([] {
    CommandCounterIncrement();
    return GetCurrentCommandId(false);
  });
}

FormerSnapshot::FormerSnapshot(uint32_t since) {
  guarded([since] {
    PushCopiedSnapshot(GetLatestSnapshot());
    GetActiveSnapshot()->curcid = since;
  });
}

void FormerSnapshot::close() {
  guarded([] { PopActiveSnapshot(); });
  note_closed();
}

}  // namespace company_backup
