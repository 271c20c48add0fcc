// Rows of an archive that do not come, and what becomes of those that refer to them: they come with
// NULL instead where they can be without, else they do not come either.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
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

  // A row, translated, that does not come. `stays`: the row of the company that it would have
  // changed, if there is one: the keys that this one has are there.
  void note(const MatchedTable& matched, const std::vector<RowValue>& row,
            const std::vector<RowValue>* stays = nullptr);

  enum class Fate {
    kComes,
    kChanged,  // it comes as `row` is now
    kStaysAway,
  };
  // Of a translated row; new texts in it live until the next call.
  Fate look_at(const MatchedTable& matched, std::vector<RowValue>& row);
  // After kStaysAway: what the row cannot be without, for messages.
  const std::string& needed() const { return needed_; }

  // Rows may refer to such of their own table or of a later one, of which it is not known yet
  // whether they come. Where that is not waited for, the tables are gone through once more, with
  // what is known then, until nothing was missed:
  void begin_again(std::set<TableIndex> tables);
  void finish_table(TableIndex table);     // all of its rows have been looked at
  bool missed() const { return missed_; }  // a row came that refers to one noted later

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
    std::set<Target> inside_to{};
  };
  Target target_of(const Reference& reference) const {
    return {reference.target, reference.target_columns};
  }
  Ways& ways_of(const MatchedTable& matched);
  void add_way(Ways& ways, const MatchedTable& matched, const Reference& reference);
  bool is_needed(const Reference& reference) const;
  bool is_meant(const MatchedTable& matched, const Way& way) const;
  bool read_key(const MatchedTable& matched, const std::vector<size_t>& positions,
                const std::vector<RowValue>& row);

  const LiveScope& live_;
  std::map<Target, KeySet> keys_;
  // While tables are gone through: which are not done yet, which keys of these were asked for, and
  // of which it is not known what was.
  std::set<TableIndex> open_;
  std::map<Target, KeySet> asked_;
  std::set<Target> asked_inside_;
  bool missed_ = false;
  std::map<TableIndex, Ways> ways_;
  std::vector<std::string> texts_;     // scratch
  std::vector<std::string_view> key_;  // scratch
  std::vector<RowValue> before_;       // scratch: the row that is looked at
  std::string needed_;
};

}  // namespace company_backup
