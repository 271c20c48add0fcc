// What sessions are at work on, for others to see while it runs: in shared memory, because what a
// transaction writes is seen by nobody before its end. Whoever works says so, now and then; where
// nobody looks, it costs a few stores for each batch of rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pg/base/spi.hpp"

namespace company_backup {

// One act, as long as it lives. Acts within another one, and those for which there is no room in
// shared memory, are not shown. `company`: its key; none: no one company.
class Progress {
 public:
  Progress(std::string_view action, const Text& company, int64_t job = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  const int64_t job_;
  const bool is_shown_;
};

// The job that this process is at work on; 0: none.
int64_t current_job();

// What this session's act does from now on: "reading", and the table, if it is one at a time.
void show_phase(std::string_view phase, std::string_view table = {});
// So many rows there are to go through, from now on; 0: nobody knows.
void expect_rows(uint64_t rows);

namespace progress {
inline constexpr uint64_t kBatch = 256;
extern uint64_t rows, bytes;
void publish();
}  // namespace progress

// In loops over rows.
inline void count_row() {
  if (++progress::rows % progress::kBatch == 0) progress::publish();
}
inline void count_bytes(size_t bytes) {
  progress::bytes += bytes;
  progress::publish();
}

// What is shown of an act of any session. Long keys are cut off; is_of() knows them all the same.
struct ShownProgress {
  int pid;
  int64_t job;  // 0: a function that was called directly
  std::string action, company, phase, table;
  bool has_company;
  uint64_t company_hash;
  uint64_t rows_done, rows_total, bytes_done;
  int64_t started_at;  // TimestampTz

  bool is_of(std::string_view key) const;
};

// Of this database.
std::vector<ShownProgress> all_progress();

}  // namespace company_backup
