// Current and archived rows on their way through a LineSorter.
#pragma once

#include <string>
#include <string_view>

#include "core/merge/row_merge.hpp"

namespace company_backup {

struct SortedRow {
  // In this order, where they are equal. kLeft: by a restore that is reverted.
  enum class Whose : char { kLeft = '1', kArchived = '2', kCurrent = '3' };

  std::string_view key;  // what rows are sorted by
  Whose whose;
  RowVersion version;  // of a current row, as is the next
  uint32_t xmin;
  std::string_view line;
};

std::string sorted_text(const SortedRow& row);
// Views into `text`, which sorted_text() made.
SortedRow parse_sorted(std::string_view text);

// With its line and the rest.
CurrentRow current_row(const SortedRow& row);

}  // namespace company_backup
