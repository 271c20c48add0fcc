// The rows of company_backup.deletion: what was deleted, by whom.
#pragma once

#include <cstdint>
#include <string>

#include "pg/base/spi.hpp"

namespace company_backup {

struct DeletionRecord {
  int64_t id;
  std::string company;  // its key
  int64_t owner;        // the company's identity
  Text actor;
  uint64_t removed = 0;  // rows of the company
};

int64_t next_deletion_id();

// Writes the record, tells listeners of channel company_backup and runs the hook.
void record_deletion(const DeletionRecord& record);

}  // namespace company_backup
