#include "pg/restore/rows_on_trial.hpp"

#include <utility>

namespace company_backup {

RowsOnTrial::RowsOnTrial(const MergePlan& plan, MatchedArchive& load, bool strict, Take take)
    : plan_(plan),
      load_(load),
      strict_(strict),
      take_(std::move(take)),
      composed_(plan, load.bytes_of(*plan.matched)) {}

LineTrial& RowsOnTrial::added() {
  const MatchedTable& matched = *plan_.matched;
  if (!added_) {
    added_.emplace(*matched.table, matched.columns, matched.loaded, load_.bytes_of(matched),
                   matched.replacements, matched.row_check);
    if (strict_) added_->be_strict();
  }
  return *added_;
}

LineTrial& RowsOnTrial::changed() {
  if (!changed_) {
    changed_.emplace(*plan_.matched->table, plan_.current,
                     std::vector<bool>(plan_.current.size(), true), read_base64,
                     std::vector<Replacement>(), plan_.matched->row_check);
    if (strict_) changed_->be_strict();
  }
  return *changed_;
}

void RowsOnTrial::run_if_full() {
  const bool full = (added_ && added_->is_full()) || (changed_ && changed_->is_full());
  if (full || rows_.size() >= kBatchRows || bytes_ >= kBatchBytes) run();
}

void RowsOnTrial::add(Row row) {
  if (row.what == Row::What::kAdded) {
    added().add(row.line);
    added_rows_.push_back(rows_.size());
  }
  bytes_ += row.line.size();
  rows_.push_back(std::move(row));
  run_if_full();
}

void RowsOnTrial::add_changed(Row row, const std::vector<RowValue>& current,
                              const std::vector<RowValue>& archived) {
  changed().add(composed_.line(current, archived, row.columns));
  changed_rows_.push_back(rows_.size());
  bytes_ += row.line.size() + row.archived.size();
  rows_.push_back(std::move(row));
  run_if_full();
}

void RowsOnTrial::try_rows(std::optional<LineTrial>& trial, const std::vector<size_t>& numbers) {
  if (!trial) return;
  trial->run([&](size_t row, const CaughtError& why) {
    rows_[numbers[row]].refused = Refusal{why.sqlstate, why.message};
  });
  doubted_ += trial->take_doubted();
}

void RowsOnTrial::run() {
  try_rows(added_, std::exchange(added_rows_, {}));
  try_rows(changed_, std::exchange(changed_rows_, {}));
  bytes_ = 0;
  for (const Row& row : std::exchange(rows_, {})) take_(row);
}

std::optional<Refusal> RowsOnTrial::try_added(std::string_view line) {
  std::optional<Refusal> refused;
  added().add(line);
  added().run([&](size_t, const CaughtError& why) {
    refused = Refusal{why.sqlstate, why.message};
  });
  added().take_doubted();  // it counts already
  return refused;
}

void RowsOnTrial::close() {
  if (added_) added_->close();
  if (changed_) changed_->close();
}

}  // namespace company_backup
