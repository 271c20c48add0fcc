#include "pg/restore/discarded_edits.hpp"

#include "pg/restore/restore_record.hpp"
#include "pg/restore/translated_log.hpp"
#include "pg/rows/mapped_row_writer.hpp"

namespace company_backup {
namespace {

constexpr const char* kRemoved = "removed after the restore; the revert brings it back";
constexpr const char* kAdded = "added after the restore; the revert removes it";
// Of a table that lost its key after the restore: nothing tells an edit from what the restore did.
constexpr const char* kReturns = "changed by the restore or after it; the revert brings it back";
constexpr const char* kReplaced = "changed by the restore or after it; the revert removes it";

}  // namespace

DiscardedEdits::DiscardedEdits(const LiveScope& live, const FittedRecord& record,
                               MatchedArchive& load)
    : live_(live), record_(record), load_(load) {}

void DiscardedEdits::begin_table(const MergePlan& plan) {
  plan_ = &plan;
  log_.reset();
  has_left_ = false;
  const bool keyless = plan.is_keyless();
  const std::vector<RowColumn> columns = line_columns(plan.columns, {});  // of the undo record
  row_.emplace(columns);
  // If the table had a key then, the undo record tells rows apart by columns that no longer do.
  was_keyless_ = keyless && plan.matched->archived->key.empty();
  if (keyless && !was_keyless_) return;
  read_log(columns, keyless);
  if (!keyless) return void(log_.emplace(columns, plan.key, *lines_));
  std::string_view header;
  has_left_ = lines_->next(header);
}

void DiscardedEdits::read_log(const std::vector<RowColumn>& columns, bool keyless) {
  const size_t number = plan_->matched->number;
  lines_ = record_.changes(number);
  RowMapper mapper = load_.make_mapper(*plan_->matched);
  // A merge may have added rows that waited for others of their table after all else.
  const bool waited = refers_to_itself(live_.scope, plan_->matched->scoped->table);
  if (mapper.empty() && !record_.is_resorted(number) && !waited) return;
  lines_ = translate_log(*lines_, columns, plan_->key, keyless, std::move(mapper));
}

void DiscardedEdits::check_added(std::string_view line) {
  if (!log_) return;
  row_->parse(line);
  if (log_->state_of(row_->values()) == ChangeLogReader::State::kRemoved) return;
  note(kRemoved, row_->values(), false);
}

void DiscardedEdits::check_removed(const CurrentRow&, const std::vector<RowValue>& values) {
  if (!log_) return;
  switch (log_->state_of(values)) {
    case ChangeLogReader::State::kWritten:
      return;
    case ChangeLogReader::State::kDifferent:
      return note("changed after the restore; the revert removes it", values, true);
    default:
      return note(kAdded, values, true);
  }
}

void DiscardedEdits::check_changed(const CurrentRow&, const std::vector<RowValue>& values) {
  if (!log_) return;
  if (log_->state_of(values) == ChangeLogReader::State::kWritten) return;
  note("changed after the restore; the revert undoes that", values, true);
}

void DiscardedEdits::note_keyless_removed(std::string_view line) {
  row_->parse(line);
  note(was_keyless_ ? kRemoved : kReturns, row_->values(), true);
}

void DiscardedEdits::note_keyless_added(const std::vector<RowValue>& values) {
  note(was_keyless_ ? kAdded : kReplaced, values, true);
}

std::string DiscardedEdits::key_text(const std::vector<RowValue>& values) const {
  if (plan_->is_keyless()) return "(no key)";
  std::string key;
  for (const MergeKeyPart& part : plan_->key) {
    key += (key.empty() ? "(" : ", ") + std::string(values[part.column].text);
  }
  return key.empty() ? key : key + ")";
}

Text DiscardedEdits::data_text(const std::vector<RowValue>& values) const {
  std::vector<RowColumn> shown;
  std::vector<RowValue> shown_values;
  for (size_t i = 0; i < plan_->columns.size(); ++i) {
    const Column& column = *plan_->current[i];
    if (column_treatment(live_.rules, *plan_->matched->table, column.name) ==
        ColumnTreatment::kSecret)
      continue;
    shown.push_back(plan_->columns[i].column);
    shown_values.push_back(values[i]);
  }
  Text data = std::string();
  RowComposer(shown).append(shown_values, *data);
  return std::string(*data);
}

void DiscardedEdits::note(const char* problem, const std::vector<RowValue>& values,
                          bool with_data) {
  ++count_;
  note_problem(record_.restore(), *plan_->matched->table, key_text(values),
               sqlstate::kDiscardedEdit, problem, with_data ? data_text(values) : Text());
}

}  // namespace company_backup
