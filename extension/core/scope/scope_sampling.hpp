// Which columns' values are worth looking up, and which keys they could be.
#pragma once

#include <cstdint>
#include <vector>

#include "core/scope/schema.hpp"
#include "core/scope/table_nouns.hpp"

namespace company_backup {

// Is the column in a foreign key of all rows of the table?
bool is_in_key(const Schema& schema, TableIndex table, int16_t column);

struct SampledColumn {
  const Column* column = nullptr;
  // Is it named like an ID? Else only values are kept that look generated: of others, a match would
  // say nothing.
  bool named = false;
  // Which may say of which table the ID is: "about_type" does, "action" or "event" may.
  std::vector<const Column*> kinds = {};
  bool kind_is_said = false;  // the first of them does, and values are looked up by kind only
  // See Aside. `only_aside`: nothing else is taken of it.
  bool whole = false, inside = false, only_aside = false;
};

// Columns that could refer to something, which no foreign key says. Of the types that PostgreSQL
// itself has: their text is made by nobody else's code.
std::vector<SampledColumn> columns_to_sample(const Schema& schema, const TableNouns& nouns,
                                             TableIndex table);

// A reference whose row says which company it leads to: it has the company's key, or refers to a
// row that has it, and so on for a few steps.
struct CompanyWay {
  const Column* column = nullptr;            // of this table
  std::vector<const ForeignKey*> keys = {};  // the first is this table's
  const Column* company = nullptr;  // of the last table referred to; null: that is the company's
};
std::vector<CompanyWay> company_ways(const Schema& schema, const Settings& settings,
                                     TableIndex table);

// The columns that may be NULL which could say whose a row is.
std::vector<const Column*> nullable_columns(const Schema& schema, TableIndex table);

// The columns that say which row of the same table stands above: references to it, or called so.
std::vector<const Column*> parent_columns(const Schema& schema, TableIndex table);

// The columns of the table that are keys, or parts of keys that are no foreign keys themselves:
// "id" of a table that is partitioned by another column of its key.
struct KeyColumn {
  const Column* column = nullptr;
  bool alone = false;  // it is unique
};
std::vector<KeyColumn> keys_to_match(const Schema& schema, TableIndex table);

}  // namespace company_backup
