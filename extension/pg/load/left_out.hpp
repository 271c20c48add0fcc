// Rows of an archive that do not come, and what becomes of those that refer to them: they come with
// NULL instead where they can be without, else they do not come either.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
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
  // Of a translated row; new texts in it live until the next call. `stays`: as of note().
  Fate look_at(const MatchedTable& matched, std::vector<RowValue>& row,
               const std::vector<RowValue>* stays = nullptr);
  // After kStaysAway: what the row cannot be without, for messages.
  const std::string& needed() const { return needed_; }

  // Rows may refer to such of their own table or of a later one, of which it is not known yet
  // whether they come. Where that is not waited for, it is believed of them what was found when the
  // tables were gone through before; and as long as that turns out to be wrong, they have to be
  // gone through once more. What is found starts anew each time.
  //
  // From the second time on it is remembered which rows need such ones (some 200 bytes of memory
  // each, of tables that refer to each other in a circle), so that of a chain of them the next time
  // knows all.
  void begin_again(std::set<TableIndex> tables);
  void finish_table(TableIndex table);     // all of its rows have been looked at
  bool missed() const { return missed_; }  // what was believed of some row is wrong
  // All is known: from now on look_at() remembers nothing.
  void end();

 private:
  using Key = std::vector<std::string>;
  // Columns that references lead to.
  struct Target {
    TableIndex table;
    std::vector<int16_t> columns;
    bool operator<(const Target& other) const {
      return std::tie(table, columns) < std::tie(other.table, other.columns);
    }
  };
  // Which of its keys no row will have.
  struct Left {
    KeySet keys;             // as far as known, or believed while the table is not finished
    KeySet believed, noted;  // before; this time
    std::vector<Key> expected, listed;  // of these
    KeySet asked;              // while it was not known what is refers to them, and they were
    std::vector<Key> trusted;  // ... not believed to be left out; or were
    bool asked_inside = false;
    std::unordered_multimap<std::string, size_t> asking;  // joined keys that rows_ need
  };
  // A reference to one row, of the columns at these positions.
  struct Way {
    const Reference* reference;
    Left* left;
    std::vector<size_t> positions;
    std::vector<size_t> cleared;  // none: the row needs what it leads to
    std::optional<RowMapper::When> when;
    bool is_tied = false;  // what it leads to may need rows of its table
  };
  // What a table refers to.
  struct Ways {
    // Where the keys stand that others may refer to.
    std::vector<std::pair<Left*, std::vector<size_t>>> keys;
    std::vector<Way> to_rows{};
    RowMapper inside{};  // elements of arrays, paths and documents
    std::vector<std::unique_ptr<KeyMap>> maps{};
    std::set<Target> inside_to{};
  };
  // The keys of a row that needs others.
  using AskingRow = std::vector<std::pair<Left*, Key>>;

  Target target_of(const Reference& reference) const {
    return {reference.target, reference.target_columns};
  }
  Ways& ways_of(const MatchedTable& matched);
  void add_way(Ways& ways, const MatchedTable& matched, const Reference& reference);
  bool is_needed(const Reference& reference) const;
  bool leads_to(TableIndex from, TableIndex table) const;
  bool is_meant(const MatchedTable& matched, const Way& way) const;
  bool read_key(const MatchedTable& matched, const std::vector<size_t>& positions,
                const std::vector<RowValue>& row);
  void each_key(const MatchedTable& matched, const std::vector<RowValue>& row,
                const std::vector<RowValue>* stays, const std::function<void(Left&)>& at);
  void note_key(Left& left);
  bool is_left(const Way& way, bool open);
  void remember(const MatchedTable& matched, const std::vector<RowValue>* stays,
                const std::vector<std::pair<Left*, Key>>& needed);
  void close_over();

  const LiveScope& live_;
  std::map<Target, Left> left_;
  int times_ = 0;                // that the tables were gone through
  std::set<TableIndex> open_;    // not finished
  std::vector<AskingRow> rows_;  // from the second time on
  bool missed_ = false;
  std::map<TableIndex, Ways> ways_;
  std::vector<std::string> texts_;     // scratch
  std::vector<std::string_view> key_;  // scratch
  std::vector<RowValue> before_;       // scratch: the row that is looked at
  std::string needed_;
};

}  // namespace company_backup
