// The table of the log, company_backup.log_entry.
#pragma once

#include <optional>

#include "pg/base/log_entry.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

// Was somebody denied what they asked for? Else they failed.
bool is_denial(const char* sqlstate);

// Writes one line. One that went through shared memory is written once, however often it comes.
void insert_entry(const LogEntry& entry);

// Removes up to `most` lines that are older than that, the oldest first. Returns how many.
int64_t prune_log(int minutes, int64_t most);

// Whose lines are read: of all (`all`), of a company, or of those that had a key and are gone.
struct LogOf {
  bool all;
  std::optional<int64_t> owner;
  Text former_key;
};

// (when, role, actor, action, company, backup, outcome, SQLSTATE, duration, rows), also of lines
// that wait to be written.
Rows read_log(const LogOf& whose);

}  // namespace company_backup
