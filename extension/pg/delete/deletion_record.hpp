// The rows of company_backup.deletion: what was deleted, by whom.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pg/base/spi.hpp"

namespace company_backup {

struct DeletionRecord {
  int64_t id;
  std::string company;  // its key
  int64_t owner;        // the company's identity
  Text actor;
  std::optional<int64_t> final_backup;
  uint64_t removed = 0, kept = 0;  // rows of the company
  std::string report = {};         // see deletion_report.hpp
};

int64_t next_deletion_id();

// Writes the record, tells listeners of channel company_backup and runs the hook.
void record_deletion(const DeletionRecord& record);

// Whose it was: its key, and its identity.
struct DeletedCompany {
  std::string company;
  int64_t identity;
  Text key;  // that it has now: it was created again from its final backup
};
std::optional<DeletedCompany> owner_of_deletion(int64_t deletion);  // none: there is no such one
Error unknown_deletion(int64_t deletion);

// The rows of deletion_report().
Rows read_report(int64_t deletion);

}  // namespace company_backup
