#include "pg/base/company_lock.hpp"

extern "C" {
#include "common/hashfn.h"
#include "storage/lock.h"
}

#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

LOCKTAG tag_of(const std::string& key) {
  const Oid table = static_cast<Oid>(
      std::stoul(one_value(own_query("SELECT 'company_backup.restore'::regclass::oid"))));
  const uint32 hash =
      hash_bytes(reinterpret_cast<const unsigned char*>(key.data()), static_cast<int>(key.size()));
  LOCKTAG tag;
  SET_LOCKTAG_OBJECT(tag, MyDatabaseId, table, hash, 1);
  return tag;
}

}  // namespace

void lock_company(const std::string& key) {
  LOCKTAG tag = tag_of(key);
  guarded([&tag] { LockAcquire(&tag, AccessExclusiveLock, false, false); });
}

bool is_company_locked(const std::string& key) {
  LOCKTAG tag = tag_of(key);
  return guarded([&tag] {
    if (LockAcquire(&tag, AccessShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL) return true;
    LockRelease(&tag, AccessShareLock, false);
    return false;
  });
}

}  // namespace company_backup
