#include "pg/discarded_edits.hpp"

#include "core/sql.hpp"
#include "pg/row_loader.hpp"

namespace company_backup {

DiscardedEdits::DiscardedEdits(const LiveScope& live, int64_t restore)
    : live_(live), restore_(restore), members_(undo_members(restore, UndoPart::kChanges)) {}

void DiscardedEdits::begin_table(const MergePlan& plan) {
  plan_ = &plan;
  log_.reset();
  const int number = static_cast<int>(plan.matched->number);
  if (plan.key.empty() && !plan.is_company) return;
  lines_ = std::make_unique<UndoLines>(*members_, number);
  std::vector<RowColumn> columns = line_columns(plan.columns, plan.others);
  columns.resize(plan.columns.size());  // of the undo record; later ones are new since
  log_.emplace(columns, plan.key, *lines_);
  row_.emplace(columns);
}

void DiscardedEdits::check_added(std::string_view line) {
  if (!log_) return;
  row_->parse(line);
  if (log_->state_of(row_->values()) == ChangeLogReader::State::kRemoved) return;
  note("removed after the restore; the revert brings it back", row_->values(), false);
}

void DiscardedEdits::check_removed(const CurrentRow&, const std::vector<RowValue>& values) {
  if (!log_) return;
  switch (log_->state_of(values)) {
    case ChangeLogReader::State::kWritten:
      return;
    case ChangeLogReader::State::kDifferent:
      return note("changed after the restore; the revert removes it", values, true);
    default:
      return note("added after the restore; the revert removes it", values, true);
  }
}

void DiscardedEdits::check_changed(const CurrentRow&, const std::vector<RowValue>& values) {
  if (!log_) return;
  if (log_->state_of(values) == ChangeLogReader::State::kWritten) return;
  note("changed after the restore; the revert undoes that", values, true);
}

void DiscardedEdits::note(const char* problem, const std::vector<RowValue>& values,
                          bool with_data) {
  std::string key;
  for (const MergeKeyPart& part : plan_->key) {
    key += (key.empty() ? "(" : ", ") + std::string(values[part.column].text);
  }
  Text data;
  if (with_data) {
    std::vector<RowColumn> shown;
    std::vector<RowValue> shown_values;
    for (size_t i = 0; i < plan_->columns.size(); ++i) {
      const Column& column = *plan_->current[i];
      if (column_treatment(live_.rules, *plan_->matched->table, column.name) == "secret") continue;
      shown.push_back(plan_->columns[i].column);
      shown_values.push_back(values[i]);
    }
    data.emplace();
    RowComposer(shown).append(shown_values, *data);
  }
  ++count_;
  own_query("INSERT INTO company_backup.restore_problem VALUES ($1, $2, $3, $4, $5, $6, $7::json)",
            {restore_, static_cast<int64_t>(count_), plan_->query.table.name,
             key.empty() ? key : key + ")", sqlstate::kDiscardedEdit, problem, data},
            Access::kWrite);
}

}  // namespace company_backup
