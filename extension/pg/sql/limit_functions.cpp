// set_company_limits, purge_expired.
#include "pg/backup/limits.hpp"
#include "pg/backup/stored_backup.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/log_table.hpp"
#include "pg/base/module.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/guard.hpp"
#include "pg/scope/known_rows.hpp"

namespace company_backup {
namespace {

std::optional<int64_t> optional_int64(FunctionCallInfo fcinfo, int index) {
  return PG_ARGISNULL(index) ? std::nullopt : std::optional<int64_t>(PG_GETARG_INT64(index));
}

Text optional_interval(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index)) return std::nullopt;
  const Datum value = PG_GETARG_DATUM(index);
  return one_value(query("SELECT $1::text", {Arg::datum(INTERVALOID, value)}));
}

}  // namespace

COMPANY_BACKUP_FUNCTION(set_company_limits) {
  require_writable("set_company_limits()");
  require_database_owner("set_company_limits");
  const Text text = company_argument(fcinfo, 0);
  std::optional<int64_t> identity;
  if (text) {
    const LiveScope live = load_live_scope();
    const AskedCompany company(live, text);
    if (!company.exists()) throw company.unknown();
    identity = make_identity(live, company.row());
  }
  CompanyLimits limits;
  if (!PG_ARGISNULL(1)) limits.backups_per_day = PG_GETARG_INT32(1);
  if (!PG_ARGISNULL(2)) limits.kept_backups = PG_GETARG_INT32(2);
  limits.kept_bytes = optional_int64(fcinfo, 3);
  limits.retention = optional_interval(fcinfo, 4);
  store_limits(identity, limits);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(purge_expired) {
  require_writable("purge_expired()");
  require_database_owner("purge_expired");
  (void)fcinfo;
  constexpr int64_t kBatch = 100;
  while (prune_log(log_retention, kBatch) == kBatch) check_for_interrupts();
  int64_t removed = 0;
  for (;;) {
    const int64_t some = remove_expired(kBatch);
    removed += some;
    if (some < kBatch) break;
  }
  PG_RETURN_INT64(removed);
}

}  // namespace company_backup
