// Restoring a backup over the rows a company has, and what it would do.
#pragma once

#include <string>

#include "pg/company_merge.hpp"
#include "pg/stored_backup.hpp"

namespace company_backup {

class AskedCompany;

struct RestoreOptions {
  std::string ids = "auto";  // auto, keep, remap
  bool include_files = false;
  bool add_missing_shared = false;
  Text actor;
};

// Brings an existing company to what the backup says. The restore is then in review. Returns its
// id. Errors: kInReview, kRefusedIds, those of CompanyLoad and CompanyMerge.
int64_t restore_into(LiveScope live, const AskedCompany& target, const StoredBackup& backup,
                     const RestoreOptions& options);

// What restore_into() would do, as rows of preview_restore(); changes nothing.
Rows preview_restore(LiveScope live, const AskedCompany& target, const StoredBackup& backup,
                     const RestoreOptions& options);

// The travelling tables ROW EXCLUSIVE in OID order, then everything as a backup locks it.
LiveScope lock_for_writing(LiveScope live);

// FOR NO KEY UPDATE. Error kSerializationFailure if it is not there any more.
void lock_company_row(const LiveScope& live, const Company& company);

// Columns of the company's row as they are.
CompanyRow read_company(const LiveScope& live, const Company& company,
                        const std::vector<int16_t>& numbers);

// Has the company rows besides its own one?
bool has_rows(const LiveScope& live, const Company& company);
// Error kTargetNotEmpty lists the tables in which the company has rows.
void require_empty(const LiveScope& live, const Company& company);

}  // namespace company_backup
