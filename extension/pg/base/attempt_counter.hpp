// Failed attempts, counted for all sessions and whatever becomes of their transactions: in shared
// memory, so that they are forgotten when the server restarts, and the oldest if there are very
// many.
#pragma once

#include <cstdint>
#include <string_view>

#include "pg/base/postgres.hpp"

namespace company_backup {

// Of the current database. Which attempts are counted together: those of one name.
class AttemptCounter {
 public:
  explicit AttemptCounter(std::string_view name);

  // How many of the last `seconds` there are; an older last one ends the count.
  int failed(int seconds) const;
  void note_failure(int seconds) const;
  void forget() const;

 private:
  uint64_t key_;
};

}  // namespace company_backup
