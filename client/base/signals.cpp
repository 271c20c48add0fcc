#include "client/base/signals.hpp"

#include <poll.h>
#include <unistd.h>
#include <csignal>
#include <cstring>

#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// Plain data only: the handler may run at any instruction.
volatile std::sig_atomic_t signals_seen = 0;
volatile std::sig_atomic_t has_unfinished = 0;
char unfinished[4096];
PGcancel* cancel = nullptr;

void on_signal(int) {
  const int saved_errno = errno;
  if (signals_seen) {
    if (has_unfinished) unlink(unfinished);
    _exit(1);
  }
  signals_seen = 1;
  char ignored[256];
  if (cancel) PQcancel(cancel, ignored, sizeof(ignored));  // documented as safe in a handler
  errno = saved_errno;
}

}  // namespace

void catch_signals(PGconn* connection) {
  cancel = PQgetCancel(connection);
  struct sigaction action = {};
  action.sa_handler = on_signal;  // without SA_RESTART: a blocked read or write returns
  sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) {
    struct sigaction current = {};
    sigaction(signal, nullptr, &current);
    if (current.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);  // nohup stays nohup
  }
}

void check_interrupted() {
  if (signals_seen) throw Error("57014", "interrupted");
}

bool wait_for_input(int descriptor) {
  sigset_t ours, before;
  sigemptyset(&ours);
  for (const int signal : kSignals) sigaddset(&ours, signal);
  sigprocmask(SIG_BLOCK, &ours, &before);
  pollfd input = {.fd = descriptor, .events = POLLIN, .revents = 0};
  if (!signals_seen) ppoll(&input, 1, nullptr, &before);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return !signals_seen;
}

void remember_unfinished(const std::string& path) {
  has_unfinished = 0;
  if (path.empty() || path.size() >= sizeof(unfinished)) return;
  std::memcpy(unfinished, path.c_str(), path.size() + 1);
  has_unfinished = 1;
}

}  // namespace company_backup::client
