// Rows on their way into one table: values are copied and wait until there are enough of them, then
// become what the columns' types hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pg/base/boundary.hpp"
#include "pg/base/value_input.hpp"

namespace company_backup {

inline constexpr int kBatchRows = 1000;
inline constexpr size_t kBatchBytes = 1 << 20;

class RowBatch {
 public:
  // Inside guarded() only, in memory that lives as long as the batch; `given`: attribute numbers of
  // a row's values.
  void open(Relation relation, const AttrNumber* given, int count);
  // Likewise: how values are read is made anew. Owners' code in which an error was raised is not
  // gone on with.
  void renew();

  // The values are copied. False: the value at at_column() is a text that holds a NUL character,
  // which no type takes.
  bool add(const std::vector<LoadValue>& row);
  size_t rows() const { return width() == 0 ? 0 : waiting_.size() / width(); }
  bool empty() const { return waiting_.empty(); }
  bool is_full() const {
    return rows() >= static_cast<size_t>(kBatchRows) || buffer_.size() >= kBatchBytes;
  }
  void clear();

  // Steps that convert values: one for all columns without owners' code, one for each other. Each
  // goes from at_row() on, which an error leaves at the row that raised it, and at_column() at its
  // value; `skip`, null or as long as there are rows: these are left out. Inside guarded() only, in
  // the memory that the values are to live in.
  void begin();
  size_t steps() const { return steps_.size(); }
  void convert(size_t step, const bool* skip);
  Datum* values() const { return values_; }  // rows() times the table's attributes
  bool* nulls() const { return nulls_; }

  size_t at_row() const { return at_row_; }
  void set_row(size_t row) { at_row_ = row; }
  size_t at_column() const { return at_column_; }  // among the given ones
  AttrNumber attribute(size_t column) const { return inputs_[column].attnum; }
  Oid type(size_t column) const { return inputs_[column].type; }
  // The beginning of its text.
  std::string text_at(size_t row, size_t column) const;

 private:
  // A value of a row that waits; its text is in buffer_, and so is what a Datum points to.
  struct Waiting {
    LoadValue::Kind kind;
    size_t offset;
    size_t size;
    Datum datum;  // by value
  };
  struct Step {
    Oid owner;  // as whom values are read
    std::vector<size_t> columns;
  };
  size_t width() const { return given_.size(); }
  void put(const ColumnInput& input, const LoadValue& value);
  LoadValue value_at(size_t row, size_t column) const;

  Relation relation_ = nullptr;
  int natts_ = 0;
  std::vector<AttrNumber> given_;
  std::vector<ColumnInput> inputs_;
  std::vector<Step> steps_;
  std::string buffer_;  // texts, each ended by a NUL byte
  std::vector<Waiting> waiting_;
  Datum* values_ = nullptr;
  bool* nulls_ = nullptr;
  size_t at_row_ = 0, at_column_ = 0;
};

}  // namespace company_backup
