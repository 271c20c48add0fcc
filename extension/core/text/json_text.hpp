// Writing the values of a row into a line of NDJSON. All append; text must be UTF-8 already.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace company_backup {

// A JSON string, quotes included. Escapes ", \ and control characters below 0x20, nothing else.
void append_json_string(std::string& out, std::string_view text);

// A JSON string of base64 (RFC 4648, padded), quotes included.
void append_base64(std::string& out, std::string_view bytes);

// Decimal digits, without quotes.
void append_int64(std::string& out, std::int64_t value);

// `"name":`, to be made once per column and appended per row.
std::string json_key_token(std::string_view name);

}  // namespace company_backup
