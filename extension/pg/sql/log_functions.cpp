// company_backup_log, and the trigger that lets nobody change what it shows.
#include "pg/base/arguments.hpp"
#include "pg/base/log_table.hpp"
#include "pg/base/module.hpp"
#include "pg/sql/authorize.hpp"

namespace company_backup {
namespace {

// May this line be removed? Inside guarded() only.
bool is_old(const TriggerData& data) {
  const TupleDesc columns = RelationGetDescr(data.tg_relation);
  bool is_null = false;
  const Datum at =
      SPI_getbinval(data.tg_trigtuple, columns, SPI_fnumber(columns, "logged_at"), &is_null);
  constexpr int64_t kMinute = INT64CONST(60) * 1000 * 1000;
  return !is_null && DatumGetTimestampTz(at) + log_retention * kMinute < GetCurrentTimestamp();
}

}  // namespace

COMPANY_BACKUP_FUNCTION(company_backup_log) {
  require_guard_or_owner(Action::kList);
  const Listed listed = authorize_list(company_argument(fcinfo, 0));
  return return_rows(fcinfo, read_log({listed.all, listed.owner, listed.key}));
}

COMPANY_BACKUP_FUNCTION(keep_log) {
  if (!CALLED_AS_TRIGGER(fcinfo)) {
    throw Error("0A000", "function \"keep_log\" was not called by a trigger");
  }
  const auto& data = *reinterpret_cast<TriggerData*>(fcinfo->context);
  const bool is_delete =
      TRIGGER_FIRED_BY_DELETE(data.tg_event) && TRIGGER_FIRED_FOR_ROW(data.tg_event);
  if (is_delete && guarded([&data] { return is_old(data); })) {
    return PointerGetDatum(data.tg_trigtuple);
  }
  throw Error(sqlstate::kInsufficientPrivilege, "lines of the log are not changed or removed")
      .detail("They go when they are older than company_backup.log_retention.");
}

}  // namespace company_backup
