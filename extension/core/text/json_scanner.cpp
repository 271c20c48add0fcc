#include "core/text/json_scanner.hpp"

#include <cstring>

#include "core/text/ascii.hpp"
#include "core/text/error.hpp"
#include "core/text/hex.hpp"
#include "core/text/json_scan.hpp"

namespace company_backup {

namespace {

[[noreturn]] void malformed(const char* what) {
  throw Error(sqlstate::kBadArchive, what);
}

unsigned checked_hex4(const char* at) {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i) {
    const int value = hex_value(at[i]);
    if (value < 0) malformed("a \\u escape is not four hex digits");
    code = code << 4 | static_cast<unsigned>(value);
  }
  return code;
}

bool is_high_surrogate(unsigned code) {
  return code >= 0xD800 && code < 0xDC00;
}
bool is_low_surrogate(unsigned code) {
  return code >= 0xDC00 && code < 0xE000;
}

char* put_utf8(unsigned code, char* to) {
  const auto put = [&](unsigned byte) { *to++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  }
  return to;
}

char unescape_short(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

void JsonScanner::fail_at_end() {
  malformed("the JSON text ends too early");
}

void JsonScanner::fail_expected(char c) {
  throw Error(sqlstate::kBadArchive, std::string("\"") + c + "\" is missing");
}

JsonScanner::String JsonScanner::string() {
  const char* start = ++at_;
  bool escaped = false, unreadable = false;
  for (;;) {
    at_ += plain_prefix(at_, static_cast<std::size_t>(end_ - at_));
    if (at_ == end_) malformed("a string has no end");
    if (*at_ == '"') break;
    if (*at_ != '\\') malformed("a string has a control character");
    escaped = true;
    unreadable |= !escape();
  }
  const std::string_view text(start, static_cast<std::size_t>(at_ - start));
  ++at_;
  return {text, escaped, unreadable};
}

// False: it stands for no character.
bool JsonScanner::escape() {
  ++at_;
  if (at_ == end_) malformed("a string has no end");
  const char kind = *at_++;
  if (kind != 'u') {
    if (kind == '\0' || !std::strchr("\"\\/bfnrt", kind)) malformed("a string has a wrong escape");
    return true;
  }
  const unsigned code = hex4();
  const bool half = is_low_surrogate(code) ||
                    (is_high_surrogate(code) && (!accept("\\u") || !is_low_surrogate(hex4())));
  if (escapes_ == Escapes::kAny) return code != 0 && !half;
  if (code == 0) malformed("a string has a NUL character");
  if (half) malformed("a string has half a surrogate pair");
  return true;
}

unsigned JsonScanner::hex4() {
  if (end_ - at_ < 4) malformed("a string has no end");
  const unsigned code = checked_hex4(at_);
  at_ += 4;
  return code;
}

std::string_view JsonScanner::number() {
  const char* start = at_;
  if (*at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;
  } else {
    digits();
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    digits();
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    digits();
  }
  return {start, static_cast<std::size_t>(at_ - start)};
}

void JsonScanner::digits() {
  const char* start = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  if (at_ == start) malformed("a value is neither a string nor a number nor anything else of JSON");
}

std::string_view JsonScanner::literal(std::string_view word) {
  if (!accept(word)) malformed("a word is neither null nor true nor false");
  return word;
}

void JsonScanner::skip_scalar(char first) {
  switch (first) {
    case '"':
      string();
      break;
    case 'n':
      literal("null");
      break;
    case 't':
      literal("true");
      break;
    case 'f':
      literal("false");
      break;
    default:
      number();
  }
}

std::string_view JsonScanner::skip_value() {
  const auto key = [this] {
    if (peek() != '"') malformed("an object has a key that is not a string");
    string();
    expect(':');
  };
  open_.clear();
  char c = peek();
  const char* start = at_;
  for (;; c = peek()) {
    if (c == '{' || c == '[') {
      if (open_.size() >= max_depth_) {
        throw Error(sqlstate::kArchiveLimit, "JSON is nested more deeply than allowed");
      }
      open_.push_back(c == '{' ? '}' : ']');
      ++at_;
      if (peek() != open_.back()) {
        if (c == '{') key();
        continue;
      }
    } else {
      skip_scalar(c);
    }
    // After a value, or right before the end of an empty container.
    for (; !open_.empty() && peek() == open_.back(); ++at_) open_.pop_back();
    if (open_.empty()) return {start, static_cast<std::size_t>(at_ - start)};
    expect(',');
    if (open_.back() == '}') key();
  }
}

std::size_t json_depth(std::string_view json, std::size_t enough) noexcept {
  std::size_t depth = 0, deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size() && deepest < enough; ++i) {
    const char c = json[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      if (c == '\\') ++i;
    } else if (c == '{' || c == '[') {
      if (++depth > deepest) deepest = depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

std::size_t unescape_json(std::string_view escaped, char* to) noexcept {
  const char* const start = to;
  for (;;) {
    const std::size_t plain = escaped.find('\\');
    const std::size_t count = plain == escaped.npos ? escaped.size() : plain;
    std::memcpy(to, escaped.data(), count);
    to += count;
    if (plain == escaped.npos) return static_cast<std::size_t>(to - start);
    const char kind = escaped[plain + 1];
    escaped.remove_prefix(plain + 2);
    if (kind != 'u') {
      *to++ = unescape_short(kind);
      continue;
    }
    unsigned code = checked_hex4(escaped.data());
    escaped.remove_prefix(4);
    if (is_high_surrogate(code)) {
      code = 0x10000 + ((code - 0xD800) << 10) + (checked_hex4(escaped.data() + 2) - 0xDC00);
      escaped.remove_prefix(6);
    }
    to = put_utf8(code, to);
  }
}

}  // namespace company_backup
