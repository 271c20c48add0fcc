#include "pg/links/transfer_pass.hpp"

#include "pg/base/boundary.hpp"

extern "C" {
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
}

namespace company_backup {
namespace {

constexpr int kPasses = 128;

struct Pass {
  Oid database;
  int64_t link;
  uint64_t number;  // the greater, the later; 0: free
};

struct Passes {
  LWLock lock;
  uint64_t given;
  Pass pass[kPasses];
};

// There from the first use on, which needs no preloaded library. Inside guarded() only.
Passes* passes() {
  static Passes* memory = nullptr;
  if (memory != nullptr) return memory;
  bool found = false;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  auto* made =
      static_cast<Passes*>(ShmemInitStruct("company_backup passes", sizeof(Passes), &found));
  if (!found) {
    memset(made, 0, sizeof(Passes));
    LWLockInitialize(&made->lock, LWLockNewTrancheId());
  }
  LWLockRelease(AddinShmemInitLock);
  LWLockRegisterTranche(made->lock.tranche, "company_backup");
  return memory = made;
}

// Under the lock.
Pass* find_pass(Passes* memory, int64_t link) {
  for (Pass& pass : memory->pass) {
    if (pass.number > 0 && pass.database == MyDatabaseId && pass.link == link) return &pass;
  }
  return nullptr;
}

// A free one, else the oldest.
Pass* oldest_pass(Passes* memory) {
  Pass* oldest = &memory->pass[0];
  for (Pass& pass : memory->pass) {
    if (pass.number < oldest->number) oldest = &pass;
  }
  return oldest;
}

}  // namespace

void give_pass(int64_t link) {
  guarded([link] {
    Passes* memory = passes();
    LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
    Pass* pass = find_pass(memory, link);
    if (pass == nullptr) pass = oldest_pass(memory);
    *pass = {MyDatabaseId, link, ++memory->given};
    LWLockRelease(&memory->lock);
  });
}

bool take_pass(int64_t link) {
  return guarded([link] {
    Passes* memory = passes();
    LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
    Pass* pass = find_pass(memory, link);
    if (pass != nullptr) pass->number = 0;
    LWLockRelease(&memory->lock);
    return pass != nullptr;
  });
}

}  // namespace company_backup
