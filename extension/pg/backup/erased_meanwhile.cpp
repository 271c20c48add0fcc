#include "pg/backup/erased_meanwhile.hpp"

#include "pg/base/company_lock.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

void refuse_erased_meanwhile(const std::string& company, const std::string& created_at) {
  if (guarded([] { return RecoveryInProgress(); })) return;
  constexpr const char* kErasedBefore =
      "SELECT count(*) FROM company_backup.tombstone WHERE erased_at <= $1::timestamptz";
  wait_for_erasures(company);
  const Rows seen = own_query(kErasedBefore, {created_at}, Access::kRead);
  FreshSnapshot fresh;
  const Rows now = own_query(kErasedBefore, {created_at}, Access::kRead);
  fresh.close();
  if (seen == now) return;
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: rows were erased meanwhile")
      .hint("Try again.");
}

}  // namespace company_backup
