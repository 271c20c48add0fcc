// A line of NDJSON from values that were read from other lines.
#pragma once

#include <string>
#include <vector>

#include "core/text/row_line.hpp"

namespace company_backup {

class RowComposer {
 public:
  explicit RowComposer(const std::vector<RowColumn>& columns);

  // Appends the row, without a line end.
  void append(const std::vector<RowValue>& values, std::string& out) const;

 private:
  std::vector<std::string> tokens_;  // `{"name":` or `,"name":`
};

}  // namespace company_backup
