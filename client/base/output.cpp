#include "client/base/output.hpp"

#include <algorithm>

#include "client/base/printable.hpp"
#include "core/text/json_scanner.hpp"

namespace company_backup::client {
namespace {

using nlohmann::ordered_json;

// OIDs of built-in types never change (catalog/pg_type.dat).
constexpr Oid kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kFloat8 = 701, kNumeric = 1700;
constexpr Oid kJson = 114, kJsonb = 3802;

// The library prints documents by recursion; deeper ones stay strings.
constexpr size_t kDeepest = 1000;

bool is_number(Oid type) {
  return type == kInt8 || type == kInt2 || type == kInt4 || type == kFloat8 || type == kNumeric;
}

// How many columns a terminal takes for UTF-8 that printable() has checked.
size_t width(const std::string& printed) {
  static const int kUtf8 = pg_char_to_encoding("UTF8");
  size_t columns = 0;
  for (const char* at = printed.c_str(); *at != '\0'; at += PQmblen(at, kUtf8)) {
    columns += static_cast<size_t>(std::max(PQdsplen(at, kUtf8), 0));
  }
  return columns;
}

void pad(std::string& line, const std::string& cell, size_t to, bool right) {
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
  const bool is_document = type == kJson || type == kJsonb;
  if (is_number(type) || (is_document && json_depth(text, kDeepest) < kDeepest)) {
    ordered_json value = ordered_json::parse(text, nullptr, false);
    if (!value.is_discarded()) return value;  // NaN is no JSON number
  }
  return std::string(text);
}

}  // namespace

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
  out << printable_json(json.dump(2, ' ', false, ordered_json::error_handler_t::replace)) << '\n';
}

void print_result(std::ostream& out, const Result& result, bool json, std::string_view nothing) {
  if (json) {
    print_json(out, to_json(result));
  } else {
    print_table(out, to_table(result), nothing);
  }
}

}  // namespace company_backup::client
