// preview_delete, delete_company.
#include "pg/base/arguments.hpp"
#include "pg/delete/deletion.hpp"
#include "pg/sql/authorize.hpp"

namespace company_backup {
namespace {

void refuse_option(const char* name) {
  throw Error(sqlstate::kNotSupported, std::string(name) + " => true is not supported yet");
}

}  // namespace

COMPANY_BACKUP_FUNCTION(preview_delete) {
  require_guard_or_owner(Action::kDeleteCompany);
  const Text company = company_argument(fcinfo, 0);
  const Text actor = optional_text(fcinfo, 1);
  LiveScope live = load_live_scope();
  const AskedCompany asked = authorize_existing(live, company, Action::kDeleteCompany, actor,
                                                Detail().add("preview", true));
  return return_rows(fcinfo, preview_delete(std::move(live), asked, actor));
}

COMPANY_BACKUP_FUNCTION(delete_company) {
  require_writable("delete_company()");
  require_guard_or_owner(Action::kDeleteCompany);
  const Text company = company_argument(fcinfo, 0);
  DeleteOptions options;
  options.confirm_name = required_text(fcinfo, 1, "confirm_name");
  const bool final_backup = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
  const bool erase = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
  options.proof = optional_text(fcinfo, 4);
  options.actor = short_text(fcinfo, 5, "actor");
  LiveScope live = load_live_scope();
  const AskedCompany asked = authorize_existing(
      live, company, Action::kDeleteCompany, options.actor,
      Detail().add("preview", false).add("final_backup", final_backup).add("erase", erase));
  if (final_backup) refuse_option("final_backup");
  if (erase) refuse_option("erase");
  PG_RETURN_INT64(delete_company(std::move(live), asked, options));
}

}  // namespace company_backup
