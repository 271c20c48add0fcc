// Creating a company from a backup.
#pragma once

#include <string>

#include "pg/company_scope.hpp"
#include "pg/stored_backup.hpp"

namespace company_backup {

// Creates a company; `attributes` (a JSON object) replaces values of its row. Returns its key.
// Errors: kBadAttribute, and those of CompanyLoad.
std::string create_from(LiveScope live, const StoredBackup& backup, const std::string& attributes,
                        const Text& actor);

}  // namespace company_backup
