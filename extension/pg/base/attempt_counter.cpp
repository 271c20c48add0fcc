#include "pg/base/attempt_counter.hpp"

#include "pg/base/boundary.hpp"
#include "pg/base/shared_memory.hpp"

extern "C" {
#include "common/hashfn.h"
#include "utils/timestamp.h"
}

namespace company_backup {
namespace {

constexpr int kSlots = 256;

struct Slot {
  Oid database;
  int count;  // 0: free
  uint64_t key;
  TimestampTz last;
};

struct Shared {
  LWLock lock;
  Slot slots[kSlots];
};

// Inside guarded() only.
Shared* shared() {
  return shared_memory<Shared>("company_backup attempts");
}

// Under the lock.
Slot* find(Shared* memory, uint64_t key) {
  for (Slot& slot : memory->slots) {
    if (slot.count > 0 && slot.database == MyDatabaseId && slot.key == key) return &slot;
  }
  return nullptr;
}

bool is_past(const Slot& slot, int seconds) {
  return TimestampDifferenceExceeds(slot.last, GetCurrentTimestamp(), seconds * 1000);
}

// A free one, else the one that has been quiet for longest.
Slot* free_slot(Shared* memory) {
  Slot* oldest = &memory->slots[0];
  for (Slot& slot : memory->slots) {
    if (slot.count == 0) return &slot;
    if (slot.last < oldest->last) oldest = &slot;
  }
  return oldest;
}

}  // namespace

AttemptCounter::AttemptCounter(std::string_view name)
    : key_(hash_bytes_extended(reinterpret_cast<const unsigned char*>(name.data()),
                               static_cast<int>(name.size()), 0)) {}

int AttemptCounter::failed(int seconds) const {
  return guarded([this, seconds] {
    Shared* memory = shared();
    LWLockAcquire(&memory->lock, LW_SHARED);
    const Slot* slot = find(memory, key_);
    const int count = slot == nullptr || is_past(*slot, seconds) ? 0 : slot->count;
    LWLockRelease(&memory->lock);
    return count;
  });
}

void AttemptCounter::note_failure(int seconds) const {
  guarded([this, seconds] {
    Shared* memory = shared();
    LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
    Slot* slot = find(memory, key_);
    if (slot == nullptr) {
      slot = free_slot(memory);
      *slot = {MyDatabaseId, 0, key_, 0};
    } else if (is_past(*slot, seconds)) {
      slot->count = 0;
    }
    ++slot->count;
    slot->last = GetCurrentTimestamp();
    LWLockRelease(&memory->lock);
  });
}

void AttemptCounter::forget() const {
  guarded([this] {
    Shared* memory = shared();
    LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
    if (Slot* slot = find(memory, key_)) slot->count = 0;
    LWLockRelease(&memory->lock);
  });
}

}  // namespace company_backup
