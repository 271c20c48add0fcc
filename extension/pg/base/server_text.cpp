#include "pg/base/server_text.hpp"

#include <cstdio>

#include "core/text/json_walk.hpp"
#include "pg/base/boundary.hpp"
#include "pg/base/encoding.hpp"

namespace company_backup {
namespace {

bool is_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

bool is_storable(const std::string& utf8) {
  return guarded([&] { return to_server_if_possible(utf8.c_str()) != nullptr; });
}

// Steps over one character of valid UTF-8.
unsigned next_character(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at++);
  if (first < 0x80) return first;
  unsigned code = first < 0xE0 ? first & 31U : first < 0xF0 ? first & 15U : first & 7U;
  while (at < text.size() && (byte(at) & 0xC0U) == 0x80) code = code << 6 | (byte(at++) & 63U);
  return code;
}

void append_escape(std::string& to, unsigned code) {
  char escape[sizeof("\\uffffffff")];
  std::snprintf(escape, sizeof(escape), "\\u%04x", code);
  to += escape;
}

}  // namespace

std::string utf8_of(const char* server_text) {
  return guarded([=] { return from_server(server_text); });
}

std::string storable_json(std::string json) {
  if (!has_other_encoding() || is_ascii(json)) return json;
  std::string ascii;
  for (size_t at = 0; at < json.size();) {
    const unsigned code = next_character(json, at);
    if (code < 0x80) {
      ascii += static_cast<char>(code);
    } else if (code < 0x10000) {
      append_escape(ascii, code);
    } else {
      append_escape(ascii, 0xD800 + ((code - 0x10000) >> 10));
      append_escape(ascii, 0xDC00 + ((code - 0x10000) & 1023));
    }
  }
  return ascii;
}

void collect_storable_ids(const JsonPath& path, const std::string& document,
                          std::vector<std::string>& values, std::vector<std::string>& others) {
  if (!has_other_encoding()) return collect_ids(path, document, values, others);
  std::vector<std::string> found;
  collect_ids(path, document, found, others);
  for (std::string& value : found) {
    (is_storable(value) ? values : others).push_back(std::move(value));
  }
}

}  // namespace company_backup
