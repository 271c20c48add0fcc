#include "core/text/table_name.hpp"

#include <cstddef>

#include "core/text/ascii.hpp"
#include "core/text/error.hpp"
#include "core/text/printable.hpp"

namespace company_backup {

namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_plain(char c) {
  return is_alphanumeric(c) || c == '_' || c == '-';
}

void append_encoded(std::string& out, std::string_view part) {
  for (const char c : part) {
    if (is_plain(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHexDigits[byte >> 4]);
      out.push_back(kHexDigits[byte & 15]);
    }
  }
}

// Lenient; the caller compares with the canonical spelling.
std::string decode_part(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%' || part.size() - i < 3) {
      out.push_back(part[i]);
      continue;
    }
    const std::size_t high = kHexDigits.find(part[i + 1]);
    const std::size_t low = kHexDigits.find(part[i + 2]);
    if (high == kHexDigits.npos || low == kHexDigits.npos) {
      out.push_back('%');
      continue;
    }
    out.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return out;
}

}  // namespace

std::string encode_name_part(std::string_view part) {
  std::string out;
  append_encoded(out, part);
  return out;
}

std::string encode_table_name(std::string_view schema, std::string_view table) {
  std::string out;
  append_encoded(out, schema);
  out.push_back('.');
  append_encoded(out, table);
  return out;
}

TableName decode_table_name(std::string_view name) {
  const std::size_t dot = name.find('.');
  TableName result;
  if (dot != name.npos) {
    result = {decode_part(name.substr(0, dot)), decode_part(name.substr(dot + 1))};
  }
  const bool usable = !result.schema.empty() && !result.table.empty() &&
                      result.schema.find('\0') == std::string::npos &&
                      result.table.find('\0') == std::string::npos;
  if (!usable || encode_table_name(result.schema, result.table) != name) {
    throw Error(sqlstate::kBadArchive, "malformed table name " + in_quotes(name));
  }
  return result;
}

}  // namespace company_backup
