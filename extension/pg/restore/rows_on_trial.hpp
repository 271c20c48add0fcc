// Rows that a restore is about to add to one table, or to change: held back until the table was
// asked whether it would take them, with those that it removes between them, so that all of them
// come in their order.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/load/matched_archive.hpp"
#include "pg/restore/composed_row.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/restore/refusals.hpp"
#include "pg/rows/line_trial.hpp"

namespace company_backup {

class RowsOnTrial {
 public:
  struct Row {
    enum class What { kAdded, kChanged, kRemoved } what;
    std::string line;               // added: of the archive; else of the row here
    std::string archived;           // changed: the archive's line
    std::vector<size_t> columns{};  // changed: positions
    RowVersion version{};
    uint32_t xmin = 0;
    bool is_orphan = false;
    std::optional<Refusal> refused{};
    std::string cleared{}, lost{};  // changed: names and JSON of what it comes without
  };
  using Take = std::function<void(const Row& row)>;

  // `take` gets every row. `strict`: see RowTrial. All references must outlive it.
  RowsOnTrial(const MergePlan& plan, MatchedArchive& load, bool strict, Take take);

  void add(Row row);
  // A row that changes: its values here and in the archive.
  void add_changed(Row row, const std::vector<RowValue>& current,
                   const std::vector<RowValue>& archived);
  // Gives on all that wait.
  void run();
  // Of one more row, by itself: would the table take it?
  std::optional<Refusal> try_added(std::string_view line);
  // Rows whose CHECKs that call functions are false now, or raise an error.
  uint64_t doubted() const { return doubted_; }
  // To be called once.
  void close();

 private:
  LineTrial& added();
  LineTrial& changed();
  void run_if_full();
  void try_rows(std::optional<LineTrial>& trial, const std::vector<size_t>& numbers);

  const MergePlan& plan_;
  MatchedArchive& load_;
  const bool strict_;
  Take take_;
  ComposedRow composed_;
  std::optional<LineTrial> added_, changed_;
  std::vector<Row> rows_;
  std::vector<size_t> added_rows_, changed_rows_;  // numbers in rows_ of those that are tried
  size_t bytes_ = 0;
  uint64_t doubted_ = 0;
};

}  // namespace company_backup
