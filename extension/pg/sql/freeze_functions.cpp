// freeze_company, unfreeze_company, and the trigger function refuse_frozen_writes.
#include <string>

#include "core/scope/padding.hpp"
#include "pg/base/act.hpp"
#include "pg/base/actor.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/exact_type.hpp"
#include "pg/rows/key_lookup.hpp"
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

// Equal keys must be the same text: a row's is compared with that of the frozen company.
void require_exact(Relation table, int number, const char* trigger) {
  const Form_pg_attribute column = TupleDescAttr(RelationGetDescr(table), number - 1);
  const Oid type = getBaseType(column->atttypid);
  if (type != BPCHAROID && is_exact_type(type, column->attcollation)) return;
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("trigger \"%s\" cannot tell whether the company is frozen", trigger),
                  errdetail("Equal values of type %s of column \"%s\" may be written differently.",
                            format_type_be(column->atttypid), NameStr(column->attname)),
                  errhint("Remove the trigger, or give the column a type such as bigint, uuid or "
                          "text.")));
}

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
  require_exact(table, number, data->tg_trigger->tgname);
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
  bool has(const char* key) const {
    return key_ == key && subtransaction_ == GetCurrentSubTransactionId();
  }
  void note(const char* key) {
    static const bool registered = guarded([this] {
      RegisterXactCallback(forget, this);
      return true;
    });
    (void)registered;
    subtransaction_ = GetCurrentSubTransactionId();
    key_ = key;
  }

 private:
  static void forget(XactEvent, void* passed) {
    static_cast<Passed*>(passed)->subtransaction_ = InvalidSubTransactionId;
  }

  SubTransactionId subtransaction_ = InvalidSubTransactionId;
  std::string key_;
};

void refuse_frozen_write(const char* key, const char* table) {
  static Passed passed;
  if (key == nullptr || passed.has(key)) return;
  refuse_frozen(key, table);
  passed.note(key);
}

AskedCompany authorized_company(const LiveScope& live, FunctionCallInfo fcinfo,
                                const char* function, bool freeze) {
  require_writable(function);
  note_action(freeze ? "freeze" : "unfreeze");
  require_guard_or_owner(Action::kFreeze);
  return authorize_existing(live, required_text(fcinfo, 0, "company"), Action::kFreeze,
                            actor_argument(fcinfo, 1), Detail().add("freeze", freeze));
}

// The same of the company table.
void require_exact_key(const LiveScope& live) {
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  if (!key.is_padded() && key_form(key) == KeyForm::kAsPrinted && has_one_text(table, key)) return;
  throw Error(sqlstate::kInexactKey, "companies cannot be frozen")
      .detail("Equal values of type " + key.type + " of column " + display_name(key.name) +
              " of table " + display_table(table) + " may be written differently.");
}

}  // namespace

COMPANY_BACKUP_FUNCTION(freeze_company) {
  const LiveScope live = load_live_scope();
  const AskedCompany asked = authorized_company(live, fcinfo, "freeze_company()", true);
  require_exact_key(live);
  const int64_t company = make_identity(live, asked.row());
  PG_RETURN_BOOL(freeze(company, asked.key(), actor_argument(fcinfo, 1)));
}

COMPANY_BACKUP_FUNCTION(unfreeze_company) {
  const AskedCompany asked =
      authorized_company(load_live_scope(), fcinfo, "unfreeze_company()", false);
  PG_RETURN_BOOL(asked.identity() && unfreeze(*asked.identity()));
}

COMPANY_BACKUP_FUNCTION(refuse_frozen_writes) {
  const WrittenRow row = guarded([=] { return read_write(fcinfo); });
  refuse_frozen_write(row.before, row.table);
  refuse_frozen_write(row.after, row.table);
  return row_of(fcinfo);
}

}  // namespace company_backup
