// Whole numbers in texts.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace company_backup {

// The number that a text is in the only spelling that counts: "7", not "07", "+7" or "7.0".
inline std::optional<int64_t> canonical_integer(std::string_view text) {
  const size_t sign = text.starts_with('-') ? 1 : 0;
  if (text.size() > sign && text[sign] == '0' && text != "0") return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace company_backup
