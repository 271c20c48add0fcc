// Bytes as hexadecimal digits, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace company_backup {

inline constexpr char kHexDigits[] = "0123456789abcdef";

// Two lower-case digits for each byte.
inline void append_hex(std::string& out, std::string_view bytes) {
  for (const unsigned char byte : bytes) {
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
}

// What a lower-case digit stands for; -1: it is none.
constexpr int lower_hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The same of either case.
constexpr int hex_value(char c) {
  return lower_hex_value(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
}

// Nothing unless `text` is pairs of digits.
std::optional<std::string> bytes_of_hex(std::string_view text);

}  // namespace company_backup
