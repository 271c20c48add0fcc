#include "pg/base/time_limit.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>

extern "C" {
#include "storage/latch.h"
#include "utils/timeout.h"
}

namespace company_backup {
namespace {

constexpr const char* kConnectTimeout = "PGCONNECT_TIMEOUT";

volatile sig_atomic_t is_over = false;

// As a user's cancel does, but not if there is one already, which is not ours to take away.
void cancel() {
  if (QueryCancelPending) return;
  is_over = true;
  InterruptPending = true;
  QueryCancelPending = true;
  SetLatch(MyLatch);
}

TimeoutId own_timeout() {
  static const TimeoutId id = guarded([] { return RegisterTimeout(USER_TIMEOUT, cancel); });
  return id;
}

}  // namespace

TimeLimit::TimeLimit(std::chrono::milliseconds limit)
    : sets_connect_timeout_(std::getenv(kConnectTimeout) == nullptr) {
  if (sets_connect_timeout_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit).count();
    setenv(kConnectTimeout, std::to_string(std::max<long>(seconds, 2)).c_str(), 1);
  }
  is_over = false;
  const TimeoutId id = own_timeout();
  const int milliseconds = static_cast<int>(std::max<long>(limit.count(), 1));
  guarded([=] { enable_timeout_after(id, milliseconds); });
}

TimeLimit::~TimeLimit() {
  disable_timeout(own_timeout(), false);
  const bool is_ours = is_over && !get_timeout_indicator(STATEMENT_TIMEOUT, false);
  if (is_ours) QueryCancelPending = false;  // it came too late
  is_over = false;
  if (sets_connect_timeout_) unsetenv(kConnectTimeout);
}

bool TimeLimit::takes_error() const {
  if (!is_over || waiting_errcode() != ERRCODE_QUERY_CANCELED) return false;
  guarded([] { FlushErrorState(); });
  return true;
}

}  // namespace company_backup
