// What all processes of the server share, without a preloaded library.
#pragma once

#include "pg/base/postgres.hpp"

extern "C" {
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
}

namespace company_backup {

// There from the first use on, all zeros but for its `lock`, an LWLock that is free then. One for
// each type, whose `name` is always the same. Inside guarded() only.
template <class Memory>
Memory* shared_memory(const char* name) {
  static Memory* memory = nullptr;
  if (memory != nullptr) return memory;
  bool found = false;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  auto* made = static_cast<Memory*>(ShmemInitStruct(name, sizeof(Memory), &found));
  if (!found) {
    memset(static_cast<void*>(made), 0, sizeof(Memory));
    LWLockInitialize(&made->lock, LWLockNewTrancheId());
  }
  LWLockRelease(AddinShmemInitLock);
  LWLockRegisterTranche(made->lock.tranche, "company_backup");
  return memory = made;
}

}  // namespace company_backup
