// From which other databases a company got rows under the keys that they had there: what is erased
// of it is erased from archives of these databases, too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/archive/manifest.hpp"
#include "pg/backup/stored_backup.hpp"

namespace company_backup {

struct CompanyOrigin {
  std::string database;  // its identity
  std::string key;       // of the company there
};

// The company with this identity has got the backup's rows, with their keys. Nothing if the backup
// is of this database.
void note_origin(int64_t company, const StoredBackup& backup, const Manifest& manifest);

std::vector<CompanyOrigin> origins_of(int64_t company);

}  // namespace company_backup
