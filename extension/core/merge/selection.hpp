// What of a backup a restore brings back: all of it, some tables, differences of one kind, or
// single records with what hangs on them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/merge/restore_words.hpp"

namespace company_backup {

// Rows that were ... since the backup was made.
enum class Only { kDeleted, kChanged, kAdded };

const char* to_text(Only only);

// A row, as its caller names it.
struct NamedRecord {
  std::string table;
  std::vector<std::string> columns;  // of the key; empty: `values` stand in its order
  std::vector<std::string> values;
};

struct Selection {
  std::vector<std::string> tables;  // as their caller names them; empty: all
  std::optional<Only> only;
  std::vector<NamedRecord> records;  // empty: all rows

  bool is_all() const { return tables.empty() && !only && records.empty(); }

  // What may happen to rows.
  bool adds() const { return !only || only == Only::kDeleted; }
  bool changes() const { return !only || only == Only::kChanged; }
  bool removes() const { return !only || only == Only::kAdded; }
};

// Error kInvalidParameter if its parts exclude one another, or the mode.
void require_consistent(const Selection& selection, RestoreMode mode);

}  // namespace company_backup
