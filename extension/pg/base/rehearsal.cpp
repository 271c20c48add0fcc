#include "pg/base/rehearsal.hpp"

#include "pg/base/error_code.hpp"
#include "pg/base/postgres.hpp"

extern "C" {
#include "access/xact.h"
}

namespace company_backup {

bool rehearsal = false;

namespace {

bool left_undone = false;  // in this transaction

void end_transaction(XactEvent event, void*) {
  if (!left_undone) return;
  switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE:
      ereport(ERROR,
              (errcode(errcode_of(sqlstate::kRehearsal)), errmsg("a rehearsal cannot be committed"),
               errdetail("The company table was set with company_backup.rehearsal on: "
                         "nothing would tell when a company is deleted."),
               errhint("Call set_company_table() again after SET company_backup.rehearsal "
                       "= off, in another transaction.")));
      break;
    case XACT_EVENT_ABORT:
      left_undone = false;
      break;
    default:
      break;
  }
}

}  // namespace

void install_rehearsal_guard() {
  RegisterXactCallback(end_transaction, nullptr);
}

bool leaves_undone() {
  left_undone = left_undone || rehearsal;
  return rehearsal;
}

bool is_rehearsed() {
  return left_undone;
}

}  // namespace company_backup
