// Which columns' values are worth looking up, and which keys they could be.
#pragma once

#include <cstdint>
#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

struct SampledColumn {
  const Column* column = nullptr;
  // Is it named like an ID? Else only values are kept that look generated: of others, a match would
  // say nothing.
  bool named = false;
  const Column* kind = nullptr;  // says of which table the ID is; null: none
};

// Columns that could refer to something, which no foreign key says. Of the types that PostgreSQL
// itself has: their text is made by nobody else's code.
std::vector<SampledColumn> columns_to_sample(const Schema& schema, TableIndex table);

// The columns of the table that alone are unique, and could be referred to.
std::vector<const Column*> keys_to_match(const Table& table);

}  // namespace company_backup
