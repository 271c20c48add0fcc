// Between the comparison of a table with an archive and what is done about its differences: takes
// out rows that the table refuses, and those that need rows which do not come.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pg/restore/held_values.hpp"
#include "pg/restore/rows_on_trial.hpp"

namespace company_backup {

class RefusalFilter {
 public:
  // What is left of the differences, in their order.
  class Next {
   public:
    virtual ~Next() = default;
    // `archived`: the line as it was, with what the row comes without.
    virtual void add_row(std::string_view line, std::string_view archived) = 0;
    virtual void change_row(const CurrentRow& row, const RowsOnTrial::Row& known,
                            const std::vector<RowValue>& current,
                            const std::vector<RowValue>& archived) = 0;
    virtual void remove_row(const CurrentRow& row, const RowsOnTrial::Row& known,
                            const std::vector<RowValue>& values) = 0;
    // It is to be changed or removed, and stays as it is.
    virtual void leave_row(const CurrentRow& row) = 0;
  };
  struct Counts {
    uint64_t refused = 0;  // rows that do not come, or stay as they are
    uint64_t needing = 0;  // the same for want of others
    uint64_t doubted = 0;  // rows that come, and that the table may refuse at the end
  };

  // All must outlive it.
  RefusalFilter(const MergePlan& plan, MatchedArchive& load, Refusals& refusals, Next& next);

  void added(std::string_view line);
  // `xmin`, `is_orphan`: given back with the row. `columns`: positions that change.
  void changed(const CurrentRow& row, uint32_t xmin, bool is_orphan,
               const std::vector<RowValue>& current, std::vector<RowValue> archived,
               std::vector<size_t> columns);
  void removed(const CurrentRow& row, uint32_t xmin, bool is_orphan,
               const std::vector<RowValue>& values);
  // A row of an append-only table that stays in any case.
  void stays(const std::vector<RowValue>& values);
  // Gives on what waits.
  void run() { rows_.run(); }
  // To be called once, when all of the table's rows were given.
  void finish();

  // A row that has a unique value which a row has that is there, in this index; one whose reference
  // leads nowhere.
  void find_clash(const std::string& row, const std::string& key, Oid index);
  void find_dangling(const std::string& row, const std::string& key, const Reference& reference);
  // A row whose place turns out to be taken when it is written: its line, which is `whole` with all
  // columns of the table, and the index.
  void find_taken(std::string_view line, bool whole, Oid index);

  const Counts& counts() const { return counts_; }

 private:
  using Values = std::vector<RowValue>;
  void take(const RowsOnTrial::Row& row);
  void take_added(const RowsOnTrial::Row& row);
  void take_changed(const RowsOnTrial::Row& row);
  const Refusal* known(const Values& row) const;
  void stay(const CurrentRow& row, const Values& current);
  std::optional<Refusal> go_without(Values& row, const Values* stays = nullptr);
  void leave_out(const Values& row, const Refusal& why, std::string_view line);
  void leave(const CurrentRow& row, const Values& current, const Values& archived,
             const Refusal& why);
  // What a row loses by coming without others: names of columns, and their values as JSON.
  struct Lost {
    std::string names, data;
  };
  Lost lost_of(const Values& before, const Values& after) const;
  void tell_cleared(const Values& row, const Lost& lost);
  std::string archived_line(const Values& row) const;

  const MergePlan& plan_;
  const MatchedTable& matched_;
  Refusals& refusals_;
  LeftOutRows& left_out_;
  NeededRows& needed_;
  Next& next_;
  RowsOnTrial rows_;
  RowLine archived_, current_;      // the rows at hand
  std::optional<HeldValues> held_;  // once rows were refused
  // Of a table without a key: what rows are that come without what they referred to, and what they
  // were.
  std::unordered_multimap<std::string, std::string> changed_rows_;
  Counts counts_;
};

}  // namespace company_backup
