// A row as one line of NDJSON (DESIGN: encoding of a row). The common types are written straight
// from their Datums; every other type through its output function.
#pragma once

#include <string>
#include <vector>

#include "core/row_line.hpp"
#include "core/schema.hpp"
#include "pg/boundary.hpp"

namespace company_backup {

class RowEncoder {
 public:
  // `columns` in the order of the query's result columns.
  explicit RowEncoder(const std::vector<Column>& columns);

  // Appends the object of `slot` to `out`, without a line end. Runs inside guarded(): it may
  // ereport, and holds nothing with a destructor while it may. Server memory it takes is the
  // current context's.
  void append(TupleTableSlot* slot, std::string& out);

  // Of the last append(); positions in `out`.
  const std::vector<Span>& spans() const { return spans_; }

 private:
  enum class Form {
    kBoolean,
    kInt2,
    kInt4,
    kInt8,
    kFloat4,
    kFloat8,
    kText,
    kUuid,
    kDate,
    kTimestamp,
    kTimestampTz,
    kJsonb,
    kBytea,
    kOther
  };
  struct Encoded {
    std::string token;  // `{"name":` or `,"name":`
    Form form;
    FmgrInfo output;  // kOther
  };

  static Form form_of(uint32_t type);
  void append_value(Encoded& column, Datum value, std::string& out);

  std::vector<Encoded> columns_;
  std::vector<Span> spans_;
};

// Refuses text that is not UTF-8 in a SQL_ASCII database, converts in others; `text` itself if the
// server's encoding is UTF-8. May ereport.
std::string_view to_utf8(const char* text, size_t size);

}  // namespace company_backup
