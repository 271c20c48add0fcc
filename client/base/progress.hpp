// A progress line on stderr, only where that is a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace company_backup::client {

class Progress {
 public:
  // `total` in bytes; 0: not known beforehand, then the line shows an amount and no bar.
  Progress(const std::string& what, uint64_t total);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(uint64_t bytes);
  // For a total that becomes known only after the beginning.
  void set_total(uint64_t total) { total_ = total; }
  // False: nothing will be shown, whatever is added.
  bool shown() const { return terminal_; }

 private:
  void draw();

  std::string what_;
  uint64_t total_;
  uint64_t done_ = 0;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace company_backup::client
