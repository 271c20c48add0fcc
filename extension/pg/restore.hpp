// Applying a backup to an empty company, and creating a company from a backup.
#pragma once

#include <string>

#include "pg/stored_backup.hpp"

namespace company_backup {

struct RestoreOptions {
  bool include_files = false;
  Text actor;
};

// Loads a backup into an existing company that has no rows yet; returns the id of the restore. The
// company's own row is left as it is, but for the columns that set_company_table() does not call
// its identity. Errors: kTargetNotEmpty, and all of CompanyLoad's.
int64_t restore_into(LiveScope live, const Text& company_text, const StoredBackup& backup,
                     const RestoreOptions& options);

// Creates a company; `attributes` (a JSON object) replaces values of its row. Returns its key.
// Errors: kBadAttribute, and those of restore_into().
std::string create_from(LiveScope live, const StoredBackup& backup, const std::string& attributes,
                        const Text& actor);

}  // namespace company_backup
