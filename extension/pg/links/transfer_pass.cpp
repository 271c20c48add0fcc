#include "pg/links/transfer_pass.hpp"

#include "pg/base/boundary.hpp"
#include "pg/base/shared_memory.hpp"

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

// Inside guarded() only.
Passes* passes() {
  return shared_memory<Passes>("company_backup passes");
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
