// One row as one line of NDJSON: reading it.
//
// The grammar is JSON's, checked in full (UTF-8, escapes, numbers, depth), without recursion and
// without turning numbers into floating point: jsonb may hold more digits than any machine number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace company_backup {

class JsonScanner;

// How deep the JSON of a line may be nested for a reader of archives, the row's own object
// included: more than a server with PostgreSQL's own limits (max_stack_depth) can hold. A level
// costs the reader one byte.
inline constexpr unsigned kDeepestJson = 65'536;

enum class ValueKind : std::uint8_t {
  kNull,     // SQL NULL
  kBoolean,  // text: true or false
  kNumber,   // text: the literal digits
  kString,   // text: unescaped
  kJson,     // text: exact JSON text of an object or array, or of anything in a column read raw
};

struct RowValue {
  ValueKind kind = ValueKind::kNull;
  std::string_view text;
};
inline bool is_same(const RowValue& a, const RowValue& b) {
  return a.kind == b.kind && a.text == b.text;
}

// Where the value of a column stands in a line, quotes and all.
struct Span {
  std::size_t begin;
  std::size_t end;
};

struct RowColumn {
  std::string name;
  // The exact JSON text is wanted, whatever kind it is (jsonb); nothing is unescaped then. `null`
  // is still SQL NULL; give the text to unwrap_jsonb().
  bool raw = false;
};

// Reads lines whose keys are exactly the given columns, in order. Reusable; keeps its scratch
// memory.
class RowLine {
 public:
  static constexpr unsigned kAnyDepth = ~0U;

  explicit RowLine(const std::vector<RowColumn>& columns, unsigned max_depth = kAnyDepth);

  // `line` without its line end; it must outlive the values. Error kBadArchive (malformed, or other
  // keys) or kArchiveLimit (depth); the message says what, not where.
  void parse(std::string_view line);

  std::size_t size() const { return values_.size(); }
  // The values of the last parse(), valid until the next one.
  const RowValue& operator[](std::size_t column) const { return values_[column]; }
  const std::vector<RowValue>& values() const { return values_; }

 private:
  struct Column {
    std::string token;  // `"name":` as the writer spells it
    std::string name;
    bool raw;
  };
  void parse_key(JsonScanner& scanner, const Column& column);
  RowValue parse_value(JsonScanner& scanner, bool raw, std::size_t line_size);
  std::string_view unescape(std::string_view escaped, std::size_t line_size);

  std::vector<Column> columns_;
  std::vector<RowValue> values_;
  unsigned max_depth_;
  std::string scratch_;  // unescaped texts of this line
  std::size_t scratch_used_ = 0;
};

// SQL NULL in a jsonb column is `null`, so a jsonb value that is JSON null is written as
// {"$jsonb": null}, and any object whose only key is "$jsonb" is wrapped the same way.
// `json` is the exact text of a jsonb value, as jsonb_out writes it.
void append_jsonb(std::string& out, std::string_view json);
// The inverse: the text inside the wrapper, or `json` itself if it is not wrapped.
std::string_view unwrap_jsonb(std::string_view json);

// Appends the bytes that `text` stands for. Error kBadArchive unless it is canonical base64 (with
// padding, no white space).
void append_base64_decoded(std::string& out, std::string_view text);

}  // namespace company_backup
