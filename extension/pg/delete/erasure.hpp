// Erasing single rows for good: they go now, and no backup from before brings them back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/backup/stored_backup.hpp"
#include "pg/backup/tombstones.hpp"
#include "pg/scope/company_identity.hpp"

namespace company_backup {

// A row by the key of its table.
struct KeyedRow {
  TableIndex table;
  std::vector<std::string> key;  // as the columns' types print it
};

// The row that a caller names: of a key of several columns `key` is a JSON array of their texts.
// Errors: kInvalidParameter unless its rows are companies' and have a key; kBadValue.
KeyedRow keyed_row(const LiveScope& live, uint32_t table, const std::string& key);

// The key of the company that has it now; nullopt if there is no such row, or it is nobody's.
Text company_of(const LiveScope& live, const KeyedRow& row);

// Removes the row and what follows it by foreign keys, without triggers, and leaves a tombstone.
// `company`: that has it; null: nobody has. False: there was no such row. Errors: kInReview,
// kIntegrity lists what stands in the way, kSerializationFailure, 42501.
bool erase_row(LiveScope live, const AskedCompany* company, uint32_t table, const std::string& key,
               const Text& actor, const Text& reason);

// Leaves a tombstone of a company's own row, which stands for all of it. Before it is removed.
void erase_company_row(const LiveScope& live, const Company& company, const Erasure& erasure);

// Does the backup hold the row? Reads its table.
bool holds_row(const LiveScope& live, const StoredBackup& backup, const KeyedRow& row);

}  // namespace company_backup
