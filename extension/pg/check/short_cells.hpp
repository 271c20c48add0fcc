// The values in the rows of a query as texts, if they are short: a value that is long is not even
// read, however well it is compressed where it is stored.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace company_backup {

struct Cell {
  enum class State { kNull, kText, kTooLong };
  State state = State::kNull;
  std::string_view text{};  // UTF-8; of what is too long its first byte, if it is a text

  explicit operator bool() const { return state == State::kText; }
};

// What is selected: the list, and how long each may be, in bytes.
struct CellList {
  std::string list;
  std::vector<uint32_t> longest;
  void add(const std::string& sql, uint32_t most) {
    list += (list.empty() ? "" : ", ") + sql;
    longest.push_back(most);
  }
};

// Valid during the call only. Returns false if no more rows are wanted.
using TakeCells = std::function<bool(std::span<const Cell> cells)>;

// Gives the rows as they come. `longest`: for each of the result's columns, in bytes. Values are of
// PostgreSQL's own types, or enums: their output functions are called. Returns false if `take`
// ended it.
bool read_short_cells(const std::string& sql, const std::vector<uint32_t>& longest,
                      const TakeCells& take);

}  // namespace company_backup
