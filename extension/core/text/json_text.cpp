#include "core/text/json_text.hpp"

#include <charconv>

#include "core/text/hex.hpp"
#include "core/text/json_scan.hpp"

namespace company_backup {

namespace {

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out.append("\\\"", 2);
      break;
    case '\\':
      out.append("\\\\", 2);
      break;
    case '\b':
      out.append("\\b", 2);
      break;
    case '\f':
      out.append("\\f", 2);
      break;
    case '\n':
      out.append("\\n", 2);
      break;
    case '\r':
      out.append("\\r", 2);
      break;
    case '\t':
      out.append("\\t", 2);
      break;
    default:
      out.append("\\u00", 4);
      out.push_back(kHexDigits[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHexDigits[c & 15]);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (;;) {
    const std::size_t plain = plain_prefix(text.data(), text.size());
    out.append(text.data(), plain);
    if (plain == text.size()) break;
    append_escaped(out, text[plain]);
    text.remove_prefix(plain + 1);
  }
  out.push_back('"');
}

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t start = out.size();
  out.resize(start + 2 + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  const auto put = [&](unsigned group) {
    for (int shift = 18; shift >= 0; shift -= 6) *to++ = kAlphabet[group >> shift & 63];
  };
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::size_t tail = bytes.size() % 3;
  const unsigned char* end = from + bytes.size() - tail;
  *to++ = '"';
  for (; from != end; from += 3) put(unsigned{from[0]} << 16 | unsigned{from[1]} << 8 | from[2]);
  if (tail > 0) {
    put(unsigned{from[0]} << 16 | (tail == 2 ? unsigned{from[1]} << 8 : 0));
    to[-1] = '=';
    if (tail == 1) to[-2] = '=';
  }
  *to = '"';
}

void append_int64(std::string& out, std::int64_t value) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, static_cast<std::size_t>(result.ptr - digits));
}

std::string json_key_token(std::string_view name) {
  std::string token;
  append_json_string(token, name);
  token.push_back(':');
  return token;
}

}  // namespace company_backup
