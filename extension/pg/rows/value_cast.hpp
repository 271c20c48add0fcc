// Values of an archive whose column has another type here: read from their text, as the column's
// type reads it, and written as lines have values of that type.
#pragma once

#include <string>
#include <string_view>

#include "core/scope/schema.hpp"
#include "core/text/row_line.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

// A value of a line, with the text that it stands for.
struct LineValue {
  ValueKind kind = ValueKind::kNull;
  std::string text;

  RowValue view() const { return {kind, text}; }
};

// How a line has a value of the column; `text`: PostgreSQL's text form.
void to_line_value(const Column& column, std::string_view text, LineValue& value);

// A value of a line in PostgreSQL's text form; `type`: of its column there, as format_type() has
// it.
Text archived_text(const std::string& type, const RowValue& value);

class ValueCast {
 public:
  // Both must outlive it.
  ValueCast(const Table& table, const Column& column);

  struct Result {
    Text text;             // as the type prints it; nullopt: it refuses the value
    bool is_same = false;  // does it say all that the value said?
    std::string sqlstate, problem;
  };
  // Checks of domains run as their owners; errors are caught.
  const Result& cast(const std::string& value);

 private:
  Oid type_ = InvalidOid, base_ = InvalidOid, compared_ = InvalidOid;
  int32 typmod_ = -1;
  std::string last_;  // what result_ is of
  bool has_last_ = false;
  Result result_;
};

}  // namespace company_backup
