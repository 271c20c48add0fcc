// Which rows of a company a restore may touch, if not all: tables, or rows with certain keys.
// Whatever is not selected is neither read nor recorded.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "core/merge/row_merge.hpp"
#include "core/merge/selection.hpp"
#include "pg/base/spi.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Rows that have one of these key_line()s in these columns.
struct RowKeys {
  std::vector<int16_t> columns;
  std::unordered_set<std::string> keys{};
};

// What is selected of one table.
struct SelectedTable {
  bool whole = false;
  std::vector<RowKeys> rows{};  // any of these, unless it is whole
  // The archive's lines of these rows, translated and in their order, where they are known; else
  // null.
  std::shared_ptr<const std::vector<std::string>> lines{};

  RowKeys& by(const std::vector<int16_t>& columns);  // made where it is missing
  bool has(const std::vector<const Column*>& columns, const std::vector<RowValue>& values) const;

  // " AND ..." that is true for these rows of `alias`; "" for a whole table. Parameters from
  // $`first` on are arguments().
  std::string condition(const Table& table, const std::string& alias, size_t first) const;
  std::vector<Arg> arguments(const Table& table) const;  // in the current memory context
};

struct RowSelection {
  bool adds = true, changes = true, removes = true;  // may rows be ...
  bool by_records = false;
  std::map<TableIndex, SelectedTable> tables{};

  const SelectedTable* of(TableIndex table) const;  // null: nothing of it
  // Is all of it, and whatever differs, brought back?
  bool covers(TableIndex table) const;
};

// Are equal values of both columns the same text? Else only the server can compare them.
bool has_same_text(const Column& left, const Column& right);

// The selection in terms of the scope, but for its records. Error kInvalidParameter names a table
// that is unknown, that does not travel, or that is not in the archive.
RowSelection select_tables(const LiveScope& live, const std::vector<MatchedTable>& archived,
                           const Selection& selection);

// The table of the archive that a caller names as company_scope() does, or without its schema where
// no other has that name. Same errors.
const MatchedTable& find_named(const LiveScope& live, const std::vector<MatchedTable>& archived,
                               const std::string& name);

}  // namespace company_backup
