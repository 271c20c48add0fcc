// Results on stdout: aligned tables for people, JSON for programs.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "client/base/connection.hpp"
#include "client/base/printable.hpp"

namespace company_backup::client {

struct Table {
  struct Column {
    std::string name;
    bool number = false;  // right-aligned
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // as many cells as columns; empty for NULL
};

// Header, a line, the rows; cells are made printable. Columns in which every cell is empty are left
// out. A table without rows is `nothing` on a line.
void print_table(std::ostream& out, const Table& table, std::string_view nothing);

Table to_table(const Result& result);

// An array of objects. Numbers, booleans and documents stay what they are, all else is a string.
nlohmann::ordered_json to_json(const Result& result);

// Indented, with a line end. Bytes that are no UTF-8 are replaced, never an error.
void print_json(std::ostream& out, const nlohmann::ordered_json& json);

// print_json() or print_table().
void print_result(std::ostream& out, const Result& result, bool json, std::string_view nothing);

}  // namespace company_backup::client
