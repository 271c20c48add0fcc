// A row that a caller names by the key of its table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/scope/company_scope.hpp"

namespace company_backup {

struct KeyedRow {
  TableIndex table;
  std::vector<std::string> key;  // as the columns' types print it
};

// Of a key of several columns `key` is a JSON array of their texts. Errors: kInvalidParameter
// unless its rows are companies' and have a key; kBadValue; kInexactKey.
KeyedRow keyed_row(const LiveScope& live, uint32_t table, const std::string& key);

// Error kInexactKey if equal values of a column of the table's key may be printed differently: what
// was erased could not be known again.
void require_exact_key(const Table& table);

// The condition for rows `alias` to be this one; adds its values to `args`.
std::string has_key(const Table& table, const KeyedRow& row, const std::string& alias,
                    std::vector<Arg>& args);

// The key of the company that has it now; nullopt if there is no such row, or it is nobody's.
Text company_of(const LiveScope& live, const KeyedRow& row, Access access = Access::kWrite);

// The key of the row as comparable_key() has that of a line.
std::vector<std::string> comparable_key(const LiveScope& live, const KeyedRow& row);

}  // namespace company_backup
