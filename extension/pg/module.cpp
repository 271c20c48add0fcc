// Load-time: the module's magic block and its settings.
#include "pg/module.hpp"

#include "pg/postgres.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

namespace company_backup {

bool strict_scope = true;
bool require_signature = true;

}  // namespace company_backup

void _PG_init(void) {
  DefineCustomBoolVariable(
      "company_backup.strict", "Refuses backups while anything about the scope is undecided.",
      nullptr, &company_backup::strict_scope, true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("company_backup.require_signature",
                           "Refuses uploaded archives that no trusted database has signed.",
                           nullptr, &company_backup::require_signature, true, PGC_SUSET, 0, nullptr,
                           nullptr, nullptr);
  MarkGUCPrefixReserved("company_backup");
}
