// Would a local table take these rows? Their values, NOT NULL, CHECKs, generated columns and
// partitions are looked at as a RowWriter would, but nothing is written. What depends on other rows
// is not looked at: unique and foreign keys, and CHECKs that call functions and are false now or
// raise an error.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "pg/rows/row_batch.hpp"
#include "pg/rows/table_writer.hpp"

namespace company_backup {

class RowTrial {
 public:
  // `columns`, `row_check`: as of a RowWriter. The caller's rights are not looked at.
  RowTrial(Oid table, const std::vector<int16_t>& columns, std::string row_check);
  ~RowTrial();
  RowTrial(const RowTrial&) = delete;
  RowTrial& operator=(const RowTrial&) = delete;

  // From here on CHECKs that call functions refuse rows, too, if they raise an error now.
  void be_strict() { strict_ = true; }

  void add(const std::vector<LoadValue>& row);
  bool is_full() const { return batch_.is_full(); }

  // Tries the rows that wait, which wait no more: `refused` gets the number of each that would be
  // refused, from 0 on in the order of add(). Other errors pass.
  void run(const std::function<void(size_t row, const CaughtError& why)>& refused);

  // Since it was asked last: rows whose CHECKs that call functions are false now, or raise an
  // error.
  uint64_t take_doubted() { return std::exchange(doubted_, 0); }

  // To be called once.
  void close();

 private:
  void try_step(const std::function<void()>& step);
  void try_checks();
  CaughtError of_value(CaughtError why) const;

  Relation relation_ = nullptr;
  MemoryContext memory_ = nullptr, input_memory_ = nullptr;
  MemoryContext check_memory_ = nullptr, row_memory_ = nullptr;
  RowBatch batch_;
  std::vector<AttrNumber> given_;
  const std::string row_check_;
  DoubtedRows doubts_;  // nothing is ever written, so nothing is put here
  std::vector<std::pair<size_t, CaughtError>> found_;
  std::vector<char> bad_;  // of the rows of the batch
  int at_check_ = 0;
  bool strict_ = false;
  uint64_t doubted_ = 0;
};

}  // namespace company_backup
