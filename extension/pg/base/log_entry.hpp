// One line of the log: what somebody did or was refused. Plain data, for shared memory.
#pragma once

#include <cstdint>

#include "pg/base/postgres.hpp"
#include "pg/base/short_text.hpp"

namespace company_backup {

struct LogEntry {
  int64_t number;  // of those that went through shared memory; 0: not yet
  Oid database;
  TimestampTz at;    // when it began
  int64_t duration;  // in microseconds
  int64_t owner;     // the company's identity; 0: none is known
  int64_t backup;    // 0: none
  int64_t rows;      // -1: not known
  ShortText<32> action;
  ShortText<64> role;
  ShortText<80> company;  // its key, or as it was asked for
  ShortText<80> actor;
  ShortText<6> sqlstate;  // empty: it was done
};

}  // namespace company_backup
