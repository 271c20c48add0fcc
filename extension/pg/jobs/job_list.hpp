// What company_jobs() shows.
#pragma once

#include <cstdint>
#include <optional>

#include "pg/base/spi.hpp"

namespace company_backup {

// Jobs, and what sessions do that called a function directly: of all companies, or of one, by its
// identity or, of one that is gone, by the key that it had.
struct ListedJobs {
  bool all;
  std::optional<int64_t> owner;
  Text former_key;
  Text key;  // of what is not stored
};
Rows list_jobs(const ListedJobs& which);

}  // namespace company_backup
