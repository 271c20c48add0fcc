// Tells lines of an archive that can be of a selected row from others without reading them whole:
// most lines are not.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "pg/restore/row_selection.hpp"

namespace company_backup {

class LineFilter {
 public:
  // `names`: of the columns in a line. The others must outlive it. More may be selected while it is
  // used; of those rows it may miss some until it is made again.
  LineFilter(const MatchedTable& matched, const std::vector<RowColumn>& names,
             const SelectedTable& selected);

  // False: the line is surely of none.
  bool passes(std::string_view line);

 private:
  // Values of one column, as texts, that rows of one of the sets of keys have.
  struct Wanted {
    std::string token;  // "name":
    std::unordered_set<std::string> values;
  };
  size_t key_count() const;
  void read_keys();
  static bool has_value(const Wanted& wanted, std::string_view line);

  const MatchedTable& matched_;
  const std::vector<RowColumn> names_;
  const SelectedTable& selected_;
  std::vector<Wanted> wanted_;
  size_t read_ = 0;  // keys
  bool passes_all_ = false;
};

// Lines of the archive that are known.
std::unique_ptr<LineSource> known_lines(std::shared_ptr<const std::vector<std::string>> lines);

// Only those lines of the table that are selected; `selected`: null: all.
std::unique_ptr<LineSource> select_lines(std::unique_ptr<LineSource> lines,
                                         const MatchedTable& matched,
                                         const SelectedTable* selected);

// Lines in the order of their key without those that have the key of the one before.
std::unique_ptr<LineSource> distinct_lines(std::unique_ptr<LineSource> lines,
                                           const MatchedTable& matched);

}  // namespace company_backup
