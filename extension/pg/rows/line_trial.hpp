// Would a table take the rows in these lines? See row_trial.hpp.
#pragma once

#include <string_view>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/replaced_values.hpp"
#include "pg/rows/row_trial.hpp"

namespace company_backup {

class LineTrial {
 public:
  // `columns`, `loaded`, `read_bytes`, `replacements`, `row_check`: as of a MappedRowWriter.
  LineTrial(const Table& table, const std::vector<const Column*>& columns,
            const std::vector<bool>& loaded, ReadBytes read_bytes,
            const std::vector<Replacement>& replacements, const std::string& row_check);

  void be_strict() { rows_.be_strict(); }
  void add(std::string_view line);
  bool is_full() const { return rows_.is_full(); }
  // See RowTrial.
  void run(const std::function<void(size_t row, const CaughtError& why)>& refused) {
    rows_.run(refused);
  }
  uint64_t take_doubted() { return rows_.take_doubted(); }
  void close() { rows_.close(); }

 private:
  std::vector<size_t> loaded_;  // positions
  RowLine line_;
  ValueReader reader_;
  ReplacedValues replacements_;
  RowTrial rows_;
  std::vector<LoadValue> row_;
};

}  // namespace company_backup
