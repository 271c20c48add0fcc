#include "pg/backup/company_origins.hpp"

namespace company_backup {

void note_origin(int64_t company, const StoredBackup& backup, const Manifest& manifest) {
  if (is_of_this_database(backup, manifest)) return;
  own_query(
      "INSERT INTO company_backup.company_origin SELECT $1, $2::uuid, $3 WHERE NOT EXISTS (SELECT "
      "FROM company_backup.known_identity WHERE identity = $2::uuid) ON CONFLICT DO NOTHING",
      {company, manifest.database_identity, manifest.company_key}, Access::kWrite);
}

std::vector<CompanyOrigin> origins_of(int64_t company) {
  std::vector<CompanyOrigin> origins;
  for (const Row& row : own_query(
           "SELECT database, key FROM company_backup.company_origin WHERE company = $1", {company}))
    origins.push_back({*row[0], *row[1]});
  return origins;
}

}  // namespace company_backup
