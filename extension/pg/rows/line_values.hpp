// Values of a line of an archive on their way into the server.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/scope/schema.hpp"
#include "core/text/row_line.hpp"
#include "pg/base/spi.hpp"
#include "pg/base/value_input.hpp"

namespace company_backup {

// How the columns of a line are read.
std::vector<RowColumn> row_columns(const std::vector<const Column*>& columns);

// 0, 1, ... `count` - 1.
std::vector<size_t> all_positions(size_t count);

// Replaces `bytes` by those of a value of a bytea column, which is not null; `position`: of the
// column in its line.
using ReadBytes = std::function<void(size_t position, const RowValue& value, std::string& bytes)>;
// As base64.
void read_base64(size_t position, const RowValue& value, std::string& bytes);

// A value of a line in PostgreSQL's text form.
Text text_form(const Column& column, const RowValue& value, size_t position = 0,
               const ReadBytes& read_bytes = read_base64);

// Turns the values of a line into what the columns' types read.
class ValueReader {
 public:
  // `positions`: of the wanted columns among `columns`. `kind`: of their texts.
  ValueReader(const std::vector<const Column*>& columns, std::vector<size_t> positions,
              ReadBytes read_bytes = read_base64, LoadValue::Kind kind = LoadValue::Kind::kText);

  // Of the wanted columns, in their order. Valid until the next call and as long as `values`.
  const std::vector<LoadValue>& read(const std::vector<RowValue>& values);

 private:
  ReadBytes read_bytes_;
  LoadValue::Kind kind_;
  std::vector<size_t> positions_;
  std::vector<uint32_t> types_;
  std::vector<std::string> bytes_;
  std::vector<LoadValue> row_;
};

}  // namespace company_backup
