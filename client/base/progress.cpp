#include "client/base/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "client/base/printable.hpp"

namespace company_backup::client {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr size_t kBarWidth = 30;

double mebibytes(uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

}  // namespace

Progress::Progress(const std::string& what, uint64_t total)
    : what_(printable(what)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) != 0),
      next_(std::chrono::steady_clock::now() + kInterval) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void Progress::add(uint64_t bytes) {
  done_ += bytes;
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  draw();
}

void Progress::draw() {
  drawn_ = true;
  if (total_ == 0) {
    std::fprintf(stderr, "\r%s  %.1f MiB\033[K", what_.c_str(), mebibytes(done_));
    return;
  }
  const double part = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
  std::string bar(static_cast<size_t>(part * kBarWidth), '#');
  bar.resize(kBarWidth, '.');
  std::fprintf(stderr, "\r%s  [%s] %3.0f%%  %.1f of %.1f MiB\033[K", what_.c_str(), bar.c_str(),
               part * 100, mebibytes(done_), mebibytes(total_));
}

}  // namespace company_backup::client
