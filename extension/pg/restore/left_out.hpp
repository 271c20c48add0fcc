// Rows of an archive that do not come, and what becomes of those that refer to them: they come with
// NULL instead where they can be without, else they do not come either.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "core/ids/row_mapper.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class LeftOutRows {
 public:
  explicit LeftOutRows(const LiveScope& live) : live_(live) {}

  // A row, translated, that does not come.
  void note(const MatchedTable& matched, const std::vector<RowValue>& row);

  enum class Fate {
    kComes,
    kChanged,  // it comes as `row` is now
    kStaysAway,
  };
  // Of a translated row; new texts in it live until the next call.
  Fate look_at(const MatchedTable& matched, std::vector<RowValue>& row);

  // May whether a row comes depend on another one of its table?
  bool is_tied_to_itself(TableIndex table) const;

 private:
  // Keys that references lead to and no row will have.
  struct Target {
    TableIndex table;
    std::vector<int16_t> columns;
    bool operator<(const Target& other) const {
      return std::tie(table, columns) < std::tie(other.table, other.columns);
    }
  };
  // A reference to one row, of the columns at these positions.
  struct Way {
    const Reference* reference;
    const KeySet* keys;
    std::vector<size_t> positions;
    std::vector<size_t> cleared;  // none: the row needs what it leads to
    std::optional<RowMapper::When> when;
  };
  // What a table refers to.
  struct Ways {
    std::vector<Way> to_rows;
    RowMapper inside{};  // elements of arrays, paths and documents
    std::vector<std::unique_ptr<DroppedKeys>> maps{};
  };
  Ways& ways_of(const MatchedTable& matched);
  void add_way(Ways& ways, const MatchedTable& matched, const Reference& reference);
  bool is_needed(const Reference& reference) const;
  bool is_meant(const MatchedTable& matched, const Way& way) const;
  bool read_key(const MatchedTable& matched, const std::vector<size_t>& positions,
                const std::vector<RowValue>& row);

  const LiveScope& live_;
  std::map<Target, KeySet> keys_;
  std::map<TableIndex, Ways> ways_;
  std::vector<std::string> texts_;     // scratch
  std::vector<std::string_view> key_;  // scratch
  std::vector<RowValue> before_;       // scratch: the row that is looked at
};

}  // namespace company_backup
