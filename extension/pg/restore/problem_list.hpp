// What restore_problems() lists of a restore as long as that is in review: put aside while it is
// found, on disk beyond work_mem.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/scope/schema.hpp"
#include "core/text/row_composer.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

struct Problem {
  const Table* table;      // null: it is not here
  std::string table_name;  // for people
  std::string row_key;     // "(7)"; empty: the table has no key
  std::string sqlstate, problem;
  std::string data;  // JSON: the row, or an object of some values; empty: nothing is shown
};

class ProblemList {
 public:
  ProblemList();

  void add(const Problem& problem);
  uint64_t count() const { return count_; }

  // Writes them behind those that the restore has; to be called once.
  void record(int64_t restore);

 private:
  RowComposer composer_;
  LineSpool lines_;
  std::string line_;
  uint64_t count_ = 0;
};

// Rows of restore_problems(), in their order.
void read_problems(int64_t restore, const std::function<void(const Row& row)>& row);

}  // namespace company_backup
