// Columns whose values are keys of several tables, and the columns that tell of which: found by the
// values, whatever they are called.
#pragma once

#include <vector>

#include "core/scope/evidence.hpp"
#include "core/scope/schema.hpp"

namespace company_backup {

struct MixedColumn {
  TableIndex table = kNoTable;
  const Column* column = nullptr;
  std::vector<const Column*> kinds = {};  // those that may tell
};

// More different values in a sample are no kinds.
constexpr size_t kMostToldKinds = 50;

// Columns whose values are generated and keys of several tables, each of one, that no foreign key
// and no name explains.
std::vector<MixedColumn> mixed_columns(const Schema& schema, const Settings& settings,
                                       const Evidence& evidence);

// `kinds`: what the values of mixed columns are, by each value of the columns that may tell. Of
// those where one does they become part of the evidence; of the others, which ones do alike.
void add_told_kinds(const Schema& schema, Evidence& evidence, const Evidence& kinds);

}  // namespace company_backup
