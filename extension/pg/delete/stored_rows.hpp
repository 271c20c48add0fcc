// Where an older state of a row is stored: in backups, and in the undo records of restores that are
// in review, which a revert would bring back.
#pragma once

#include <cstdint>
#include <optional>

#include "pg/backup/stored_backup.hpp"
#include "pg/delete/keyed_row.hpp"

namespace company_backup {

// Does the backup hold the row? Reads its table.
bool holds_row(const LiveScope& live, const StoredBackup& backup, const KeyedRow& row);

// The first restore in review whose undo record has the row, or of which that cannot be told: the
// schema was changed too much since. Reads its table in each record, whoever they are of.
std::optional<int64_t> review_with(const LiveScope& live, const KeyedRow& row);

}  // namespace company_backup
