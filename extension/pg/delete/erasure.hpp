// Erasing single rows for good: they go now, and no backup from before brings them back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pg/backup/tombstones.hpp"
#include "pg/scope/company_identity.hpp"

namespace company_backup {

// Removes the row and what follows it by foreign keys, without triggers, and leaves a tombstone.
// `company`: that has it; null: nobody has. False: there was no such row. Errors: kInReview,
// kIntegrity lists what stands in the way, kSerializationFailure, 42501.
bool erase_row(LiveScope live, const AskedCompany* company, uint32_t table, const std::string& key,
               const Text& actor, const Text& reason);

// Leaves a tombstone of a company's own row, which stands for all of it. Before it is removed.
void erase_company_row(const LiveScope& live, const Company& company, const Erasure& erasure);

}  // namespace company_backup
