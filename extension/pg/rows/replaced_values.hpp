// Which columns of a table get a value with each row, from a line or instead of one.
#pragma once

#include <vector>

#include "core/archive/archive_match.hpp"
#include "pg/base/value_input.hpp"
#include "pg/rows/column_default.hpp"

namespace company_backup {

// Positions of the columns of a line that are loaded.
std::vector<size_t> loaded_positions(const std::vector<bool>& loaded);

// Attribute numbers of the columns that are given: those of a line, at these positions, then
// replaced ones.
std::vector<int16_t> given_numbers(const std::vector<const Column*>& columns,
                                   const std::vector<size_t>& positions,
                                   const std::vector<Replacement>& replacements);

// What rows get instead of values of an archive.
class ReplacedValues {
 public:
  // The table must outlive it.
  ReplacedValues(const Table& table, const std::vector<Replacement>& replacements);

  bool empty() const { return values_.empty(); }
  // To the values of a row, the next ones; they live until the next call. Errors: those of
  // ReplacementValues.
  void append(std::vector<LoadValue>& row);

 private:
  std::vector<ReplacementValues> values_;
  std::vector<Text> texts_;  // of this row
};

}  // namespace company_backup
