// freeze_company, unfreeze_company, and the trigger function refuse_frozen_writes.
#include <string>

#include "pg/base/actor.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/encoding.hpp"
#include "pg/scope/frozen.hpp"
#include "pg/sql/authorize.hpp"

extern "C" {
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"
}

namespace company_backup {
namespace {

// The company of a row before and after a write; null: there is none. Plain data.
struct WrittenRow {
  const char* table;
  const char* before;
  const char* after;
};

// Inside guarded() only, as is the next one.
const char* company_in(HeapTuple row, const TriggerData& data, int number) {
  const char* text = SPI_getvalue(row, RelationGetDescr(data.tg_relation), number);
  return text == nullptr ? nullptr : from_server(text);
}

WrittenRow read_write(FunctionCallInfo fcinfo) {
  const auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
  if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
      data->tg_trigger->tgnargs != 1) {
    ereport(ERROR,
            (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
             errmsg("refuse_frozen_writes() must be called by a trigger FOR EACH ROW, with the "
                    "column that holds the company's key")));
  }
  const Relation table = data->tg_relation;
  const char* column = data->tg_trigger->tgargs[0];
  const int number = SPI_fnumber(RelationGetDescr(table), column);
  if (number <= 0) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("column \"%s\" of relation \"%s\" does not exist", column,
                           RelationGetRelationName(table)),
                    errhint("Trigger \"%s\" names it as the column that holds the company's key.",
                            data->tg_trigger->tgname)));
  }
  WrittenRow row{
      from_server(quote_qualified_identifier(get_namespace_name(RelationGetNamespace(table)),
                                             RelationGetRelationName(table))),
      nullptr, nullptr};
  const bool inserted = TRIGGER_FIRED_BY_INSERT(data->tg_event);
  (inserted ? row.after : row.before) = company_in(data->tg_trigtuple, *data, number);
  if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
    row.after = company_in(data->tg_newtuple, *data, number);
  return row;
}

// The row that is to be written, as a BEFORE trigger returns it.
Datum row_of(FunctionCallInfo fcinfo) {
  const auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
  return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple
                                                                 : data->tg_trigtuple);
}

// What was found not to be frozen stays so until the transaction ends, or the subtransaction that
// took the lock.
class Passed {
 public:
  bool has(const char* key) const { return at_ == now() && key_ == key; }
  void note(const char* key) {
    at_ = now();
    key_ = key;
  }

 private:
  struct Moment {
    TimestampTz transaction;
    SubTransactionId subtransaction;
    bool operator==(const Moment&) const = default;
  };
  static Moment now() {
    return {GetCurrentTransactionStartTimestamp(), GetCurrentSubTransactionId()};
  }

  Moment at_{};
  std::string key_;
};

void refuse_frozen_write(const char* key, const char* table) {
  static Passed passed;
  if (key == nullptr || passed.has(key)) return;
  refuse_frozen(key, table);
  passed.note(key);
}

std::string authorized_company(FunctionCallInfo fcinfo, const char* function, bool freeze) {
  require_writable(function);
  require_guard_or_owner(Action::kFreeze);
  return authorize_existing(load_live_scope(), required_text(fcinfo, 0, "company"), Action::kFreeze,
                            actor_argument(fcinfo, 1), Detail().add("freeze", freeze))
      .key();
}

}  // namespace

COMPANY_BACKUP_FUNCTION(freeze_company) {
  const std::string key = authorized_company(fcinfo, "freeze_company()", true);
  PG_RETURN_BOOL(freeze(key, actor_argument(fcinfo, 1)));
}

COMPANY_BACKUP_FUNCTION(unfreeze_company) {
  PG_RETURN_BOOL(unfreeze(authorized_company(fcinfo, "unfreeze_company()", false)));
}

COMPANY_BACKUP_FUNCTION(refuse_frozen_writes) {
  const WrittenRow row = guarded([=] { return read_write(fcinfo); });
  refuse_frozen_write(row.before, row.table);
  refuse_frozen_write(row.after, row.table);
  return row_of(fcinfo);
}

}  // namespace company_backup
