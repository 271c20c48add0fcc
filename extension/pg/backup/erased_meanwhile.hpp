// Rows that were erased while a backup was made.
#pragma once

#include <string>

namespace company_backup {

// Rows of the company (its key) may have been erased after the active snapshot was taken and before
// `created_at`, when a backup says it was made: it would hold them and be no older. Waits for those
// who are erasing some. Error kSerializationFailure.
void refuse_erased_meanwhile(const std::string& company, const std::string& created_at);

}  // namespace company_backup
