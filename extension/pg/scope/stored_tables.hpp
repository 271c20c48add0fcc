// The tables whose rows are stored, by identity: rows of a table that was renamed since are still
// protected by it, and a table that has its name now opens nothing. What a caller may read of what
// is stored is what they might read of these tables today.
#pragma once

#include <string>
#include <vector>

#include "core/archive/manifest.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

// Tables of a manifest that are here now, `tables` first, then `shared`: a list of numbers in the
// form of an array, NULL for one that is not here.
std::string remember_tables(const Manifest& manifest);

// The number of one table.
int64_t remember_table(Oid table);

// Whose rows they are, for messages, and who may read rows of tables that never were here.
struct StoredRows {
  std::string name;      // "Backup 7"
  bool is_mine = false;  // the caller uploaded them
};

// Errors unless the caller might read all of these rows in their tables today: 42501 without SELECT
// (on what is not `omitted` of all columns), and for everybody but the database's owner if a table
// is gone; kRowSecurity if a policy would hide rows of it.
void require_readable(const Manifest& manifest, const std::string& tables, const StoredRows& rows);

// The same of single tables by their numbers, for all their columns; NULL: gone.
void require_readable(const std::vector<Text>& tables, const StoredRows& rows);

}  // namespace company_backup
