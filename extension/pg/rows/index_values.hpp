// Unique indexes of expressions, with a predicate, or in which NULL equals NULL, and exclusion
// constraints: whose values meet.
#pragma once

#include <string>
#include <vector>

#include "pg/rows/key_lookup.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Does the index only compare columns for equality?
bool is_plain(const UniqueIndex& index);

// The columns whose values say what a row has in the index: those it uses, and instead of generated
// ones what these are made of.
std::vector<int16_t> value_columns(const Table& table, const UniqueIndex& index);

struct Clash {
  size_t n;                     // of the values, from 0 on
  std::string relation, place;  // tableoid and ctid of the row that is there
};

// Rows with which rows with these values of `columns` (all that the index uses, or value_columns();
// by column, NULLs as such) clash in the index, at most `limit`, 0: all. The index's own code, and
// that of generated columns, runs as the table's owner.
std::vector<Clash> find_clashes(const Table& table, const UniqueIndex& index,
                                const std::vector<const Column*>& columns,
                                const std::vector<std::vector<Text>>& values, size_t limit);

// Would rows with these values clash with rows that are there, but for those of `target`, which may
// be null?
bool clashes(const LiveScope& live, TableIndex table, const UniqueIndex& index,
             const std::vector<const Column*>& columns,
             const std::vector<std::vector<Text>>& values, const Company* target);

}  // namespace company_backup
