// How a table of the scope is read: its columns, its key, its order, its query.
#pragma once

#include <string>
#include <vector>

#include "core/archive/manifest.hpp"
#include "pg/rows/table_lines.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// ORDER BY terms that give rows in the archive's order.
std::string order_terms(const Table& table, const std::vector<int16_t>& key,
                        const std::string& alias);

// A row's key as text, for messages; ctid where there is no key.
std::string row_key_expression(const Table& table, const std::vector<int16_t>& key,
                               const std::string& alias);

// A table of the company as it travels.
struct TravellingTable {
  const ScopedTable* scoped = nullptr;
  TableQuery query;        // argument $1 is the company's key
  ManifestTable manifest;  // but for counts and digest
};

struct FilePolicy {
  bool travel = false;   // columns treated as files travel, too
  bool in_rows = false;  // as other values do; else lines hold the digests of bytea, see
                         // TableQuery::files
};

// Error kBadRule if a key column does not travel or is a file.
TravellingTable plan_travelling(const LiveScope& live, const ScopedTable& scoped,
                                const Company& company, const FilePolicy& files);

}  // namespace company_backup
