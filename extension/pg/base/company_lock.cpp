#include "pg/base/company_lock.hpp"

extern "C" {
#include "common/hashfn.h"
#include "storage/lock.h"
}

#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

enum class LockOf : uint16_t { kActs = 1, kErasures, kWriters, kReturns };

LOCKTAG tag_of(const std::string& key, LockOf what) {
  const Oid table = static_cast<Oid>(
      std::stoul(one_value(own_query("SELECT 'company_backup.restore'::regclass::oid"))));
  const uint32 hash =
      hash_bytes(reinterpret_cast<const unsigned char*>(key.data()), static_cast<int>(key.size()));
  // A statement may write rows of very many companies, and holds a lock for each: some share one.
  constexpr uint32 kSharedWriters = 256;
  LOCKTAG tag;
  SET_LOCKTAG_OBJECT(tag, MyDatabaseId, table,
                     what == LockOf::kWriters ? hash % kSharedWriters : hash,
                     static_cast<uint16>(what));
  return tag;
}

// Until the end of the transaction; waits.
void lock(const std::string& key, LockOf what, LOCKMODE mode) {
  LOCKTAG tag = tag_of(key, what);
  guarded([&tag, mode] { LockAcquire(&tag, mode, false, false); });
}

}  // namespace

void lock_company(const std::string& key) {
  lock(key, LockOf::kActs, AccessExclusiveLock);
}

void lock_erasures(const std::string& key) {
  lock(key, LockOf::kErasures, AccessExclusiveLock);
}

bool lock_returns() {
  LOCKTAG tag = tag_of("", LockOf::kReturns);
  return guarded([&tag] {
    return LockAcquire(&tag, AccessExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
  });
}

void lock_as_returning() {
  lock("", LockOf::kReturns, AccessShareLock);
}

void lock_writers(const std::string& key) {
  lock(key, LockOf::kWriters, AccessExclusiveLock);
}

void lock_as_writer(const std::string& key) {
  lock(key, LockOf::kWriters, AccessShareLock);
}

void wait_for_erasures(const std::string& key) {
  for (const std::string& one : {key, std::string()}) {
    LOCKTAG tag = tag_of(one, LockOf::kErasures);
    guarded([&tag] {
      LockAcquire(&tag, AccessShareLock, false, false);
      LockRelease(&tag, AccessShareLock, false);
    });
  }
}

bool is_company_locked(const std::string& key) {
  LOCKTAG tag = tag_of(key, LockOf::kActs);
  return guarded([&tag] {
    if (LockAcquire(&tag, AccessShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL) return true;
    LockRelease(&tag, AccessShareLock, false);
    return false;
  });
}

}  // namespace company_backup
