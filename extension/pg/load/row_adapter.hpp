// Gives rows of one table of an archive the shape that they have here
// (core/archive/schema_drift.hpp).
#pragma once

#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "core/archive/schema_drift.hpp"
#include "core/text/row_line.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/value_cast.hpp"

namespace company_backup {

class RowAdapter {
 public:
  // `width`: lines have only the first columns of the archive. `table`, whose rows are counted,
  // must outlive it.
  explicit RowAdapter(const DriftTable& table, size_t width = std::numeric_limits<size_t>::max());

  // The line's values here; valid until the next call, and as long as the line.
  const std::vector<RowValue>& adapt(std::string_view line);
  const std::vector<RowValue>& values() const { return values_; }  // once more
  const std::vector<RowColumn>& columns() const { return columns_; }

  // Where the archive's column at this position is here; none: it is dropped.
  std::optional<size_t> position_of(size_t archived) const;

 private:
  struct Value {
    size_t position;  // in the archive
    std::optional<ValueCast> cast;
    LineValue made;
  };
  RowValue adapted(Value& value) const;
  RowValue made(Value& value, const Text& text) const;

  const DriftTable& table_;
  RowLine line_;
  std::vector<Value> here_;
  std::vector<RowColumn> columns_;
  std::vector<RowValue> values_;
};

}  // namespace company_backup
