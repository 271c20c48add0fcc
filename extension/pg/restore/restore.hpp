// Restoring a backup over the rows a company has, and what it would do.
#pragma once

#include <functional>
#include <string>

#include "pg/backup/stored_backup.hpp"
#include "pg/restore/restore_options.hpp"

namespace company_backup {

class AskedCompany;

// Brings an existing company to what the backup says. The restore is then in review. Returns its
// id. Errors: kInReview, kRefusedIds, those of MatchedArchive and CompanyMerge.
int64_t restore_into(LiveScope live, const AskedCompany& target, const StoredBackup& backup,
                     const RestoreOptions& options);

// What restore_into() would do, as rows of preview_restore(); changes nothing.
Rows preview_restore(LiveScope live, const AskedCompany& target, const StoredBackup& backup,
                     const RestoreOptions& options);

// The rows of it, as rows of preview_rows(): each is given to `put`, `max_rows` of them at most.
void preview_rows(LiveScope live, const AskedCompany& target, const StoredBackup& backup,
                  const RestoreOptions& options, int64_t max_rows,
                  const std::function<void(const Row&)>& put);

}  // namespace company_backup
