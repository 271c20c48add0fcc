#include "pg/base/server_text.hpp"

#include <cstdio>

#include "core/text/json_walk.hpp"
#include "pg/base/boundary.hpp"

namespace company_backup {
namespace {

bool is_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

std::string converted(std::string_view text, bool to_utf8) {
  if (!has_other_encoding() || is_ascii(text)) return std::string(text);
  const char* data = text.data();
  const int size = static_cast<int>(text.size());
  char* result = guarded([=] {
    char* other =
        to_utf8 ? pg_server_to_any(data, size, PG_UTF8) : pg_any_to_server(data, size, PG_UTF8);
    return other == data ? pnstrdup(data, static_cast<Size>(size)) : other;
  });
  std::string copy(result);
  pfree(result);
  return copy;
}

// None: a character is not in the server's encoding.
std::optional<std::string> server_text_if_possible(const std::string& utf8) {
  if (!has_other_encoding() || is_ascii(utf8)) return utf8;
  const char* data = utf8.data();
  const int size = static_cast<int>(utf8.size());
  char* result = guarded([=]() -> char* {
    const Oid conversion = FindDefaultConversionProc(PG_UTF8, GetDatabaseEncoding());
    if (!OidIsValid(conversion)) return nullptr;
    const int room = size * MAX_CONVERSION_GROWTH + 1;
    auto* to = static_cast<unsigned char*>(palloc(static_cast<Size>(room)));
    const int done = pg_do_encoding_conversion_buf(
        conversion, PG_UTF8, GetDatabaseEncoding(),
        reinterpret_cast<unsigned char*>(const_cast<char*>(data)), size, to, room, true);
    if (done < size) {
      pfree(to);
      return nullptr;
    }
    return reinterpret_cast<char*>(to);
  });
  if (result == nullptr) return std::nullopt;
  std::string copy(result);
  pfree(result);
  return copy;
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

bool has_other_encoding() {
  return GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII;
}

std::string utf8_of(std::string_view server_text) {
  return converted(server_text, true);
}

std::string server_text(std::string_view utf8) {
  return converted(utf8, false);
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

JsonPath path_of_rule(const std::string& server_text) {
  return JsonPath::parse(utf8_of(server_text));
}

void collect_server_ids(const JsonPath& path, const std::string& document,
                        std::vector<std::string>& values, std::vector<std::string>& others) {
  if (!has_other_encoding()) return collect_ids(path, document, values, others);
  std::vector<std::string> found;
  const size_t known = others.size();
  collect_ids(path, utf8_of(document), found, others);
  for (size_t i = known; i < others.size(); ++i)
    others[i] = server_text_if_possible(others[i]).value_or("a text of another encoding");
  for (const std::string& value : found) {
    if (auto text = server_text_if_possible(value)) {
      values.push_back(std::move(*text));
    } else {
      others.push_back("a text of another encoding");
    }
  }
}

}  // namespace company_backup
