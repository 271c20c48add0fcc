// Load-time: the module's magic block and its settings.
#include "pg/base/module.hpp"

#include "core/text/steps.hpp"
#include "pg/base/act.hpp"
#include "pg/base/boundary.hpp"
#include "pg/base/compiled_code.hpp"
#include "pg/base/planning.hpp"
#include "pg/base/postgres.hpp"
#include "pg/base/rehearsal.hpp"
#include "pg/base/temp_schema.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

namespace company_backup {

bool strict_scope = true;
bool require_signature = true;
int max_expansion = 200;
int final_backup_retention = 43200;
int proof_attempts = 5;
int proof_block = 900;
int max_jobs = 8;
int job_retention = 43200;
int log_retention = 576000;
int evidence_time = 60;
int evidence_rows = 1000;
char* actor_name = nullptr;

}  // namespace company_backup

void _PG_init(void) {
  DefineCustomBoolVariable(
      "company_backup.strict", "Refuses backups while anything about the scope is undecided.",
      nullptr, &company_backup::strict_scope, true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("company_backup.require_signature",
                           "Refuses uploaded archives that no trusted database has signed.",
                           nullptr, &company_backup::require_signature, true, PGC_SUSET, 0, nullptr,
                           nullptr, nullptr);
  DefineCustomIntVariable("company_backup.max_expansion",
                          "How many times its size an uploaded archive beyond 1 GB may expand to.",
                          nullptr, &company_backup::max_expansion, 200, 1, 10000, PGC_SUSET, 0,
                          nullptr, nullptr, nullptr);
  DefineCustomIntVariable("company_backup.final_backup_retention",
                          "How long the final backup of a deleted company may be read.", nullptr,
                          &company_backup::final_backup_retention, 43200, 1, 52560000, PGC_SUSET,
                          GUC_UNIT_MIN, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("company_backup.proof_attempts",
                          "How many proofs of a company's deletion may be wrong in a row.", nullptr,
                          &company_backup::proof_attempts, 5, 1, 1000, PGC_SUSET, 0, nullptr,
                          nullptr, nullptr);
  DefineCustomIntVariable("company_backup.proof_block",
                          "How long none is looked at after that, from the last one on.", nullptr,
                          &company_backup::proof_block, 900, 1, 604800, PGC_SUSET, GUC_UNIT_S,
                          nullptr, nullptr, nullptr);
  DefineCustomIntVariable("company_backup.max_jobs",
                          "How many jobs of one database may run at once.", nullptr,
                          &company_backup::max_jobs, 8, 1, 262143, PGC_SUSET, 0, nullptr, nullptr,
                          nullptr);
  DefineCustomIntVariable("company_backup.job_retention",
                          "How long company_jobs() lists jobs that have ended.", nullptr,
                          &company_backup::job_retention, 43200, 1, 52560000, PGC_SUSET,
                          GUC_UNIT_MIN, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("company_backup.log_retention",
                          "How long lines of the log are kept.", nullptr,
                          &company_backup::log_retention, 576000, 1, 52560000, PGC_SUSET,
                          GUC_UNIT_MIN, nullptr, nullptr, nullptr);
  DefineCustomIntVariable(
      "company_backup.evidence_time",
      "How long check_company_scope() and propose_company_rules() look at rows; 0: not at all.",
      nullptr, &company_backup::evidence_time, 60, 0, 86400, PGC_USERSET, GUC_UNIT_S, nullptr,
      nullptr, nullptr);
  DefineCustomIntVariable("company_backup.evidence_rows",
                          "How many values of a column they look up among the keys.", nullptr,
                          &company_backup::evidence_rows, 1000, 10, 100000, PGC_USERSET, 0, nullptr,
                          nullptr, nullptr);
  DefineCustomBoolVariable(
      "company_backup.rehearsal",
      "Tries rules out without locking the company table; such a transaction cannot be committed.",
      nullptr, &company_backup::rehearsal, false, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomStringVariable(
      "company_backup.actor", "Whom calls act for that do not say so; only for one transaction.",
      nullptr, &company_backup::actor_name, "", PGC_USERSET, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("company_backup");
  company_backup::look_up_from_steps = company_backup::check_for_interrupts;
  company_backup::install_log();
  company_backup::install_planner_hook();
  company_backup::install_temp_schema_guard();
  company_backup::install_function_judge();
  company_backup::install_rehearsal_guard();
}
