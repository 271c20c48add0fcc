#include "core/text/row_line.hpp"

#include <simdjson.h>

#include <array>

#include "core/text/error.hpp"
#include "core/text/json_scanner.hpp"
#include "core/text/json_text.hpp"
#include "core/text/printable.hpp"

namespace company_backup {

namespace {

constexpr std::string_view kWrapperKey = "$jsonb";
constexpr std::size_t kKeptScratch = 16 * 1024 * 1024;

// The text inside {"$jsonb": ...} if `json` is an object with that one key, else nothing.
std::string_view inside_wrapper(std::string_view json) {
  if (!json.starts_with('{')) return {};
  JsonScanner scanner(json, json.size());
  scanner.expect('{');
  if (scanner.peek() != '"' || scanner.string().text != kWrapperKey) return {};
  scanner.expect(':');
  const std::string_view inside = scanner.skip_value();
  if (scanner.peek() != '}') return {};
  return inside;
}

[[noreturn]] void misplaced(const std::string& column) {
  throw Error(sqlstate::kBadArchive, "column " + in_quotes(column) + " is missing or misplaced");
}

void expect_comma(JsonScanner& scanner, const std::string& next_column) {
  if (scanner.peek() == '}') misplaced(next_column);
  scanner.expect(',');
}

constexpr std::array<std::uint8_t, 256> make_base64_values() {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> values{};
  values.fill(64);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> kBase64Values = make_base64_values();

[[noreturn]] void bad_base64() {
  throw Error(sqlstate::kBadArchive, "malformed base64");
}

unsigned base64_group(const char* four) {
  unsigned group = 0;
  unsigned seen = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned value = kBase64Values[static_cast<unsigned char>(four[i])];
    seen |= value;
    group = group << 6 | value;
  }
  if ((seen & 64) != 0) bad_base64();
  return group;
}

}  // namespace

RowLine::RowLine(const std::vector<RowColumn>& columns, unsigned max_depth)
    : values_(columns.size()), max_depth_(max_depth) {
  columns_.reserve(columns.size());
  for (const RowColumn& column : columns) {
    columns_.push_back({json_key_token(column.name), column.name, column.raw});
  }
}

void RowLine::parse(std::string_view line) {
  if (!simdjson::validate_utf8(line.data(), line.size())) {
    throw Error(sqlstate::kBadArchive, "the text is not UTF-8");
  }
  scratch_used_ = 0;
  if (scratch_.size() > kKeptScratch && line.size() <= kKeptScratch) std::string().swap(scratch_);

  JsonScanner scanner(line, max_depth_ - 1);
  scanner.expect('{');
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) expect_comma(scanner, columns_[i].name);
    parse_key(scanner, columns_[i]);
    values_[i] = parse_value(scanner, columns_[i].raw, line.size());
  }
  scanner.expect('}');
  if (!scanner.at_end()) throw Error(sqlstate::kBadArchive, "text follows the end of the row");
}

void RowLine::parse_key(JsonScanner& scanner, const Column& column) {
  if (scanner.accept(column.token)) return;
  if (scanner.peek() == '"') {
    const JsonScanner::String key = scanner.string();
    std::string name(key.text.size(), '\0');
    name.resize(unescape_json(key.text, name.data()));
    if (name == column.name) return scanner.expect(':');
  }
  misplaced(column.name);
}

RowValue RowLine::parse_value(JsonScanner& scanner, bool raw, std::size_t line_size) {
  const char first = scanner.peek();
  if (first == 'n') {
    scanner.literal("null");
    return {ValueKind::kNull, {}};
  }
  if (raw || first == '{' || first == '[') return {ValueKind::kJson, scanner.skip_value()};
  if (first == '"') {
    const JsonScanner::String string = scanner.string();
    return {ValueKind::kString, string.escaped ? unescape(string.text, line_size) : string.text};
  }
  if (first == 't') return {ValueKind::kBoolean, scanner.literal("true")};
  if (first == 'f') return {ValueKind::kBoolean, scanner.literal("false")};
  return {ValueKind::kNumber, scanner.number()};
}

// All unescaped texts of a line together are shorter than the line, so the scratch memory is sized
// once per line and earlier views stay valid.
std::string_view RowLine::unescape(std::string_view escaped, std::size_t line_size) {
  if (scratch_.size() < line_size) scratch_.resize(line_size);
  char* to = scratch_.data() + scratch_used_;
  const std::size_t size = unescape_json(escaped, to);
  scratch_used_ += size;
  return {to, size};
}

void append_jsonb(std::string& out, std::string_view json) {
  if (json != "null" && inside_wrapper(json).empty()) {
    out.append(json);
    return;
  }
  append_json_string(out.append("{"), kWrapperKey);
  out.append(":").append(json).append("}");
}

std::string_view unwrap_jsonb(std::string_view json) {
  const std::string_view inside = inside_wrapper(json);
  return inside.empty() ? json : inside;
}

void append_base64_decoded(std::string& out, std::string_view text) {
  if (text.empty()) return;
  if (text.size() % 4 != 0) bad_base64();
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  const std::size_t start = out.size();
  out.resize(start + text.size() / 4 * 3 - padding);
  char* to = out.data() + start;
  const char* from = text.data();
  const char* const last = from + text.size() - 4;
  for (; from != last; from += 4) {
    const unsigned group = base64_group(from);
    *to++ = static_cast<char>(group >> 16);
    *to++ = static_cast<char>(group >> 8);
    *to++ = static_cast<char>(group);
  }
  char tail[4];
  for (std::size_t i = 0; i < 4; ++i) tail[i] = i < 4 - padding ? last[i] : 'A';
  const unsigned group = base64_group(tail);
  if ((group & ((1U << (8 * padding)) - 1)) != 0) bad_base64();
  for (std::size_t i = 0; i < 3 - padding; ++i) *to++ = static_cast<char>(group >> (16 - 8 * i));
}

}  // namespace company_backup
