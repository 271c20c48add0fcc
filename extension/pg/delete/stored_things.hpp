// What the extension itself keeps of a company.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/base/spi.hpp"

namespace company_backup {

// How many rows of a table of the extension's are about the company.
struct StoredThings {
  const char* table;
  uint64_t count;
};

// Backups, uploads, restores and ID maps, as they are now. `identity`: none if it was never seen.
std::vector<StoredThings> count_stored_things(std::optional<int64_t> identity,
                                              const std::string& key);

// The names of templates that are backups of the company. Nobody publishes another one until the
// transaction ends.
std::vector<std::string> published_templates(int64_t identity);

// Error kPublished.
void refuse_templates(int64_t identity);

// Removes all of it, but for this backup, and for the job that this is. The company has ended: nobody adds anything any more.
std::vector<StoredThings> forget_stored_things(int64_t identity, const std::string& key,
                                               std::optional<int64_t> final_backup);

}  // namespace company_backup
