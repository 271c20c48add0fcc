// A row as one line of NDJSON (DESIGN: encoding of a row). The common types are written straight
// from their Datums; every other type through its output function.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scope/schema.hpp"
#include "core/text/digest.hpp"
#include "core/text/row_line.hpp"
#include "pg/base/boundary.hpp"

namespace company_backup {

// Gets the content of a file (a position in the columns, its SHA-256) while its row is encoded; the
// content is valid during the call only.
using FileTaker =
    std::function<void(size_t column, const Sha256Digest& digest, std::string_view content)>;

class RowEncoder {
 public:
  // `columns` in the order of the query's result columns. Of those at the positions `files`, which
  // are bytea, the line holds the SHA-256 of the content, and `taker`, if there is one, gets the
  // content.
  explicit RowEncoder(const std::vector<Column>& columns, const std::vector<size_t>& files = {},
                      FileTaker taker = {});

  // Of the result's columns, which are `columns`, encodes only those at `positions`.
  RowEncoder(const std::vector<const Column*>& columns, const std::vector<size_t>& positions);

  // Appends the object of `slot` to `out`, without a line end. Runs inside guarded(): it may
  // ereport, and holds nothing with a destructor while it may. Server memory it takes is the
  // current context's.
  void append(TupleTableSlot* slot, std::string& out);

  // How a column of this type is written: as its text, escaped; or as a text in which nothing needs
  // an escape, with quotes or without.
  static bool is_text(uint32_t type) { return form_of(type) == Form::kText; }
  static bool is_plain(uint32_t type);

  // Of the last append(); positions in `out`.
  const std::vector<Span>& spans() const { return spans_; }
  // Of the last append(): bytes in files.
  size_t file_bytes() const { return file_bytes_; }

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
    kFile,
    kOther
  };
  struct Encoded {
    std::string token;  // `{"name":` or `,"name":`
    size_t position;    // in the result
    Form form;
    FmgrInfo output;  // kOther
  };

  static Form form_of(uint32_t type);
  void add_column(const Column& column, size_t position);
  void append_value(Encoded& column, Datum value, std::string& out);
  void append_file(const Encoded& column, Datum value, std::string& out);

  std::vector<Encoded> columns_;
  FileTaker taker_;
  Sha256 sha256_;
  size_t file_bytes_ = 0;
  std::vector<Span> spans_;
};

// Refuses text that is not UTF-8 in a SQL_ASCII database, converts in others; `text` itself if the
// server's encoding is UTF-8. May ereport.
std::string_view to_utf8(const char* text, size_t size);

}  // namespace company_backup
