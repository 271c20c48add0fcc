// Rows that would have to be added, but lack a value for a column that must not be null
// (MatchedTable::gaps): a password that is in no backup, a column that a deployment has added
// since. Existing rows keep their values and are no obstacle.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/row_line.hpp"
#include "pg/rows/row_source.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class MissingValues {
 public:
  explicit MissingValues(const LiveScope& live) : live_(live) {}

  // A row of the table that would be made, as the archive has it. Nothing happens if the table has
  // no gaps.
  void note(const MatchedTable& table, const std::vector<RowValue>& row, const ReadBytes& bytes);
  // All rows of the table in `source`.
  void note_all(const MatchedTable& table, RowSource& source);

  bool empty() const { return noted_.empty(); }

  // For the table's row of a preview.
  std::vector<std::string> notes_of(TableIndex table) const;

  // Error kMissingValue, which lists them, if there are any.
  void refuse() const;

 private:
  struct Noted {
    const MatchedTable* table = nullptr;
    uint64_t rows = 0;
    std::string keys;  // of the first rows; "" if the table has no key
  };
  std::string statement_for(const Table& table, const Column& column) const;

  const LiveScope& live_;
  std::map<TableIndex, Noted> noted_;
};

}  // namespace company_backup
