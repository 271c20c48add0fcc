// What "preview" and "restore" have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "client/commands/commands.hpp"

namespace company_backup::client {

// The arguments of restore_company() and preview_restore().
struct RestoreOptions {
  std::string company;
  int64_t backup = 0;
  std::optional<std::string> mode, ids, on_error, on_conflict, on_deleted, on_missing_shared,
      schema_drift;
  std::optional<std::string> actor;
  bool include_files = false, merge = false, adapt = false;
  std::vector<std::string> tables, records;  // records: TABLE:KEY
  std::optional<std::string> only;

  bool selects() const { return !tables.empty() || only || !records.empty(); }
  bool merges() const { return merge || mode == "merge"; }
  void add_to(CLI::App& command);
  std::vector<Argument> arguments() const;
};

// The rows of preview_restore() with these options as a table, or only those of tables that would
// change, and the sums in a sentence.
void print_preview(std::ostream& out, const Result& preview, const RestoreOptions& options,
                   bool all);

}  // namespace company_backup::client
