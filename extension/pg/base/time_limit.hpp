// An end to waiting for others: for a foreign server that does not answer.
#pragma once

#include <chrono>

#include "pg/base/boundary.hpp"

namespace company_backup {

// While it lives: after `limit` what runs is cancelled, and new connections that libpq makes are
// given up after as long (or two seconds, which is the least that it knows).
class TimeLimit {
 public:
  explicit TimeLimit(std::chrono::milliseconds limit);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  // Is this why the statement was cancelled whose error waits? Takes the error away then.
  bool takes_error() const;

 private:
  bool sets_connect_timeout_;
};

// Runs `body`; false if that took longer, and it was cancelled.
template <class Body>
bool run_within(std::chrono::milliseconds limit, Body&& body) {
  const TimeLimit time(limit);
  try {
    body();
  } catch (const PostgresError&) {
    if (!time.takes_error()) throw;
    return false;
  }
  return true;
}

}  // namespace company_backup
