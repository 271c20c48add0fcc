// One line of the log: what somebody did or was refused. Plain data, for shared memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pg/base/postgres.hpp"

namespace company_backup {

// UTF-8, cut where it is too long; empty: none.
template <std::size_t kSize>
struct ShortText {
  char bytes[kSize];

  const char* c_str() const { return bytes; }
  bool empty() const { return bytes[0] == '\0'; }
  void set(std::string_view text) {
    std::size_t size = text.size() < kSize ? text.size() : kSize - 1;
    if (size < text.size()) {
      while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    }
    memcpy(bytes, text.data(), size);
    bytes[size] = '\0';
  }
};

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
