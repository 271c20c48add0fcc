#include "pg/base/encoding.hpp"

#include <algorithm>
#include <cstring>

namespace company_backup {
namespace {

bool is_to_convert(std::string_view text) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  return has_other_encoding() && !std::all_of(text.begin(), text.end(), is_ascii);
}

// How much of the text it has converted, and to what; less than all: the next character is none of
// the server's.
struct Converted {
  int size;
  char* text;
};

Converted convert_beginning(std::string_view utf8) {
  const Oid conversion = FindDefaultConversionProc(PG_UTF8, GetDatabaseEncoding());
  if (!OidIsValid(conversion)) {
    elog(ERROR, "there is no conversion from UTF8 to %s", GetDatabaseEncodingName());
  }
  const int size = static_cast<int>(utf8.size());
  const int room = size * MAX_CONVERSION_GROWTH + 1;
  auto* to = static_cast<unsigned char*>(palloc(static_cast<Size>(room)));
  auto* from = reinterpret_cast<unsigned char*>(const_cast<char*>(utf8.data()));
  const int done = pg_do_encoding_conversion_buf(conversion, PG_UTF8, GetDatabaseEncoding(), from,
                                                 size, to, room, true);
  return {done, reinterpret_cast<char*>(to)};
}

}  // namespace

bool has_other_encoding() {
  return GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII;
}

std::string_view from_server(std::string_view server_text) {
  if (!is_to_convert(server_text)) return server_text;
  return pg_server_to_any(server_text.data(), static_cast<int>(server_text.size()), PG_UTF8);
}

std::string_view to_server(std::string_view utf8) {
  if (!is_to_convert(utf8)) return utf8;
  return pg_any_to_server(utf8.data(), static_cast<int>(utf8.size()), PG_UTF8);
}

const char* from_server(const char* server_text) {
  return from_server(std::string_view(server_text)).data();
}

const char* to_server(const char* utf8) {
  return to_server(std::string_view(utf8)).data();
}

const char* to_server_with_marks(const char* utf8) {
  if (!is_to_convert(utf8)) return utf8;
  StringInfoData text;
  initStringInfo(&text);
  for (std::string_view rest = utf8; !rest.empty();) {
    const Converted converted = convert_beginning(rest);
    appendStringInfoString(&text, converted.text);
    rest.remove_prefix(static_cast<size_t>(converted.size));
    if (rest.empty()) break;
    appendStringInfoChar(&text, '?');
    const int length =
        pg_utf_mblen(reinterpret_cast<unsigned char*>(const_cast<char*>(rest.data())));
    rest.remove_prefix(std::min(rest.size(), static_cast<size_t>(length)));
  }
  return text.data;
}

const char* to_server_if_possible(const char* utf8) {
  if (!is_to_convert(utf8)) return utf8;
  const Converted converted = convert_beginning(utf8);
  return static_cast<size_t>(converted.size) < std::strlen(utf8) ? nullptr : converted.text;
}

AttrNumber column_number(Oid table, const char* name) {
  return get_attnum(table, to_server(name));
}

}  // namespace company_backup
