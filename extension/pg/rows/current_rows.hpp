// The rows a company has now, with where they stand, in bounded memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/merge/row_merge.hpp"
#include "core/text/line_cutter.hpp"
#include "pg/rows/table_lines.hpp"

namespace company_backup {

// `table.sql` gives the columns that are encoded; then, unless `foreign`, tableoid, ctid and xmin.
struct CurrentQuery {
  TableQuery table;
  bool foreign = false;
};

// Sums of row versions: equal for the same set of versions, in any order.
struct VersionSum {
  uint64_t rows = 0;
  uint64_t sum = 0;

  void add(const RowVersion& version, uint32_t xmin);
  void remove(const RowVersion& version, uint32_t xmin);
  bool operator==(const VersionSum&) const = default;
};

// A current row and the transaction that wrote it.
using CurrentRowVisitor = std::function<void(const CurrentRow& row, uint32_t xmin)>;

// Calls `visit` for every row. Its line is added to `lines`, if given. Error kRowTooLarge.
void read_current(const CurrentQuery& query, LineCutter* lines, const CurrentRowVisitor& visit);

// The versions of rows under the active snapshot; `written`: how many of them this transaction
// wrote since its command `since`, which are not in the sum. `sql` gives tableoid, ctid, xmin,
// cmin.
VersionSum sum_versions(const std::string& sql, const std::vector<Arg>& args, uint32_t since,
                        uint64_t& written);

// Calls `visit` for each of them that this transaction did not write since.
void find_versions(const std::string& sql, const std::vector<Arg>& args, uint32_t since,
                   const std::function<void(const RowVersion&)>& visit);

}  // namespace company_backup
