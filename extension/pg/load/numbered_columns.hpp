// Columns of numbers: which there are in this database, and what gives new ones.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/ids/group_columns.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/sequences.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// The greatest value of an integer column, as far as it can be seen; nullopt: there is none.
std::optional<int64_t> greatest_value(const Table& table, const Column& column);

// A value that no row has, of a column of a plain integer, UUID or text type; else nullopt.
Text unused_value(const Table& table, const Column& column);

// Columns of one kind of numbers, and the one of them that says how new ones are made.
struct NumberedColumns {
  std::vector<std::pair<const Table*, const Column*>> all;
  const Table* table;
  const Column* column;
  DefaultKind how;
  size_t renewed = 1;  // the first of them get new numbers, the others only have some
};
NumberedColumns numbered(const Table& table, const Column& column);
// Of a group: by a sequence, if one of them has any, else by a default.
NumberedColumns numbered(const LiveScope& live, const GroupColumns& group);

// The greatest number, as far as it can be seen; 0 if there is none.
int64_t greatest_number(const NumberedColumns& columns);
// The greatest one that all of them can hold.
int64_t greatest_possible(const NumberedColumns& columns);

// The sequence that feeds it, told of the rows that were written past it. Where they are further
// away than it may be moved, it ends before them.
ColumnSequence sequence_of(const NumberedColumns& columns);

}  // namespace company_backup
