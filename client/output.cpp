#include "client/output.hpp"

#include <algorithm>
#include <cstdio>

namespace company_backup::client {
namespace {

using nlohmann::ordered_json;

// OIDs of built-in types never change (catalog/pg_type.dat).
constexpr Oid kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kFloat8 = 701, kNumeric = 1700;
constexpr Oid kJson = 114, kJsonb = 3802;

bool is_number(Oid type) {
  return type == kInt8 || type == kInt2 || type == kInt4 || type == kFloat8 || type == kNumeric;
}

struct CodePoint {
  uint32_t value;
  size_t size;  // in bytes; 0: not UTF-8
};

CodePoint decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  const size_t size = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (size == 0 || first > 0xF4 || size > text.size()) return {0, 0};
  if (size == 1) return {first, 1};
  uint32_t value = first & (0x7Fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0, 0};
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  return {value, size};
}

// Control characters, and those that reorder or hide text on a terminal.
bool is_unsafe(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF;
}

size_t width(std::string_view printed) {
  return static_cast<size_t>(std::count_if(printed.begin(), printed.end(), [](char c) {
    return (static_cast<uint8_t>(c) & 0xC0) != 0x80;
  }));
}

void pad(std::string& line, std::string_view cell, size_t to, bool right) {
  const std::string spaces(to - width(cell), ' ');
  if (right) line += spaces;
  line += cell;
  if (!right) line += spaces;
}

void print_line(std::ostream& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out << line << '\n';
}

ordered_json json_value(Oid type, std::string_view text) {
  if (type == kBool) return text == "t";
  if (is_number(type) || type == kJson || type == kJsonb) {
    ordered_json value = ordered_json::parse(text, nullptr, false);
    if (!value.is_discarded()) return value;  // NaN is no JSON number
  }
  return std::string(text);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint c = decode(text);
    const size_t size = std::max<size_t>(c.size, 1);
    if (c.size != 0 && !is_unsafe(c.value)) {
      out += text.substr(0, size);
    } else if (text.front() == '\n') {
      out += "\\n";
    } else if (text.front() == '\t') {
      out += "\\t";
    } else {
      char escaped[12];
      const uint32_t value = c.size == 0 ? static_cast<uint8_t>(text.front()) : c.value;
      std::snprintf(escaped, sizeof(escaped), value < 0x100 ? "\\x%02x" : "\\u%04x", value);
      out += escaped;
    }
    text.remove_prefix(size);
  }
  return out;
}

void print_table(std::ostream& out, const Table& table, std::string_view nothing) {
  if (table.rows.empty()) {
    out << nothing << '\n';
    return;
  }
  std::vector<std::vector<std::string>> cells;
  std::vector<size_t> widths(table.columns.size(), 0);
  for (const auto& row : table.rows) {
    auto& line = cells.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      line.push_back(printable(row[i]));
      widths[i] = std::max(widths[i], width(line.back()));
    }
  }
  std::string header, rule;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] == 0) continue;
    widths[i] = std::max(widths[i], width(table.columns[i].name));
    if (!header.empty()) header += "  ", rule += "  ";
    pad(header, table.columns[i].name, widths[i], table.columns[i].number);
    rule += std::string(widths[i], '-');
  }
  print_line(out, header);
  print_line(out, rule);
  for (const auto& row : cells) {
    std::string line;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] == 0) continue;
      if (!line.empty()) line += "  ";
      pad(line, row[i], widths[i], table.columns[i].number);
    }
    print_line(out, line);
  }
}

Table to_table(const Result& result) {
  Table table;
  for (int c = 0; c < result.columns(); ++c) {
    table.columns.push_back({std::string(result.name(c)), is_number(result.type(c))});
  }
  for (int r = 0; r < result.rows(); ++r) {
    auto& row = table.rows.emplace_back();
    for (int c = 0; c < result.columns(); ++c) row.emplace_back(result.text(r, c));
  }
  return table;
}

ordered_json to_json(const Result& result) {
  ordered_json array = ordered_json::array();
  for (int r = 0; r < result.rows(); ++r) {
    ordered_json object = ordered_json::object();
    for (int c = 0; c < result.columns(); ++c) {
      object[std::string(result.name(c))] =
          result.null(r, c) ? ordered_json() : json_value(result.type(c), result.text(r, c));
    }
    array.push_back(std::move(object));
  }
  return array;
}

void print_json(std::ostream& out, const ordered_json& json) {
  out << json.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
}

void print_result(std::ostream& out, const Result& result, bool json, std::string_view nothing) {
  if (json) {
    print_json(out, to_json(result));
  } else {
    print_table(out, to_table(result), nothing);
  }
}

}  // namespace company_backup::client
