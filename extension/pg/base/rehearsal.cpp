#include "pg/base/rehearsal.hpp"

#include "pg/base/error_code.hpp"
#include "pg/base/postgres.hpp"

extern "C" {
#include "access/xact.h"
}

namespace company_backup {

bool rehearsal = false;

namespace {

// The outermost subtransaction that something was left undone in: what was rolled back does not
// count.
SubTransactionId undone_in = InvalidSubTransactionId;

void end_subtransaction(SubXactEvent event, SubTransactionId which, SubTransactionId parent,
                        void*) {
  if (which != undone_in) return;
  if (event == SUBXACT_EVENT_ABORT_SUB) undone_in = InvalidSubTransactionId;
  if (event == SUBXACT_EVENT_COMMIT_SUB) undone_in = parent;
}

void end_transaction(XactEvent event, void*) {
  if (!is_rehearsed()) return;
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
      undone_in = InvalidSubTransactionId;
      break;
    default:
      break;
  }
}

}  // namespace

void install_rehearsal_guard() {
  RegisterXactCallback(end_transaction, nullptr);
  RegisterSubXactCallback(end_subtransaction, nullptr);
}

bool leaves_undone() {
  if (rehearsal && !is_rehearsed()) undone_in = GetCurrentSubTransactionId();
  return rehearsal;
}

bool is_rehearsed() {
  return undone_in != InvalidSubTransactionId;
}

}  // namespace company_backup
