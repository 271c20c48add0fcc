#include "client/base/printable.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <optional>

#include "client/base/sql_text.hpp"

namespace company_backup::client {
namespace {

struct CodePoint {
  uint32_t value;
  size_t size;        // in bytes
  bool valid = true;  // false: a byte that is no UTF-8
};

CodePoint decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  const CodePoint bad{first, 1, false};
  if (first < 0x80) return {first, 1};
  const size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (size == 0 || size > text.size()) return bad;
  uint32_t value = first & (0x7Fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return bad;
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  constexpr uint32_t kSmallest[] = {0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  if (value < kSmallest[size - 2] || value > 0x10FFFF || surrogate) return bad;
  return {value, size};
}

// Control characters, and those that reorder or hide text on a terminal.
bool is_unsafe(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x061C || c == 0x180E ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE007F);
}

bool is_unsafe(const CodePoint& c) {
  return !c.valid || is_unsafe(c.value);
}

std::string formatted(const char* format, uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

// Calls `escape` for what is unsafe; all else is taken over.
template <class Escape>
std::string escaped(std::string_view text, Escape escape) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = decode(text);
    if (is_unsafe(c)) {
      out += escape(c);
    } else {
      out += text.substr(0, c.size);
    }
    text.remove_prefix(c.size);
  }
  return out;
}

std::string shown(const CodePoint& c) {
  if (!c.valid) return formatted("\\x%02x", c.value);
  switch (c.value) {
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    default:
      return formatted(c.value < 0x100     ? "\\x%02x"
                       : c.value < 0x10000 ? "\\u%04x"
                                           : "\\U%08x",
                       c.value);
  }
}

std::string in_unicode_form(std::string_view quoted) {
  std::string doubled;
  for (const char c : quoted) doubled.append(c == '\\' ? 2 : 1, c);
  return "U&" + escaped(doubled, [](const CodePoint& c) {
           return formatted(c.value < 0x10000 ? "\\%04x" : "\\+%06x", c.value);
         });
}

std::string in_escape_form(std::string_view quoted) {
  return escaped(quoted, [](const CodePoint& c) {
    return formatted(c.value < 0x10000 ? "\\u%04x" : "\\U%08x", c.value);
  });
}

bool is_all_safe(std::string_view text) {
  while (!text.empty()) {
    const CodePoint c = decode(text);
    if (is_unsafe(c)) return false;
    text.remove_prefix(c.size);
  }
  return true;
}

}  // namespace

std::string printable(std::string_view text) {
  return escaped(text, shown);
}

std::string printable_lines(std::string_view text) {
  return escaped(text, [](const CodePoint& c) { return c.value == '\n' ? "\n" : shown(c); });
}

std::string printable_json(std::string_view json) {
  return escaped(json, [](const CodePoint& c) {
    // White space between values; inside strings it is escaped already.
    if (c.value == '\n' || c.value == '\t' || c.value == '\r') {
      return std::string(1, static_cast<char>(c.value));
    }
    if (!c.valid) return std::string("\\ufffd");
    if (c.value < 0x10000) return formatted("\\u%04x", c.value);
    const uint32_t beyond = c.value - 0x10000;
    return formatted("\\u%04x", 0xD800 + (beyond >> 10)) +
           formatted("\\u%04x", 0xDC00 + (beyond & 0x3FF));
  });
}

std::string printable_sql(std::string_view sql) {
  std::string out;
  while (!sql.empty()) {
    const size_t plain = std::min(sql.find_first_of("\"'"), sql.size());
    out += printable_lines(sql.substr(0, plain));
    sql.remove_prefix(plain);
    if (sql.empty()) break;
    const bool is_escape_string = sql[0] == '\'' && (out.ends_with('E') || out.ends_with('e'));
    const std::string_view quoted = sql.substr(0, quoted_size(sql, is_escape_string));
    if (is_all_safe(quoted)) {
      out += quoted;
    } else {
      out += is_escape_string ? in_escape_form(quoted) : in_unicode_form(quoted);
    }
    sql.remove_prefix(quoted.size());
  }
  return out;
}

void print_message(std::string_view text) {
  std::cout.flush();
  std::fprintf(stderr, "%s\n", printable_lines(text).c_str());
}

PrintableStream::PrintableStream(std::ostream& stream)
    : stream_(stream), target_(stream.rdbuf(this)) {}

PrintableStream::~PrintableStream() {
  PrintableStream::sync();
  stream_.rdbuf(target_);
}

PrintableStream::int_type PrintableStream::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char byte = traits_type::to_char_type(c);
  return xsputn(&byte, 1) == 1 ? c : traits_type::eof();
}

std::streamsize PrintableStream::xsputn(const char* text, std::streamsize size) {
  waiting_.append(text, static_cast<size_t>(size));
  const size_t end = waiting_.rfind('\n');
  return end == waiting_.npos || hand_over(end + 1) ? size : 0;
}

int PrintableStream::sync() {
  return hand_over(waiting_.size()) && target_->pubsync() == 0 ? 0 : -1;
}

bool PrintableStream::hand_over(size_t size) {
  const std::string text = printable_lines(std::string_view(waiting_).substr(0, size));
  waiting_.erase(0, size);
  const auto count = static_cast<std::streamsize>(text.size());
  return target_->sputn(text.data(), count) == count;
}

}  // namespace company_backup::client
