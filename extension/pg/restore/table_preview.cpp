#include "pg/restore/table_preview.hpp"

namespace company_backup {

TablePreview::TablePreview(MergeWork& work, const MatchedTable& matched, OrphanRows* orphans)
    : TableMerge(work, matched, orphans), foresees_(work.policy.preview) {
  // Under new IDs rows are others each time.
  leaves_out_ = filter() != nullptr && (plan_.is_company || work_.load.keeps_keys());
  if (leaves_out_) {
    missing_ = std::make_unique<MissingTargets>(work.live, plan_);
    repeated_ = std::make_unique<RepeatedValues>(plan_, Constraints::kAll);
  }
  if (leaves_out_ || ConflictSearch::is_needed(work.policy, plan_)) {
    conflicts_ = std::make_unique<ConflictSearch>(work.live, work.company, plan_);
  } else if (plan_.is_company || work_.load.keeps_keys()) {
    taken_ = std::make_unique<TakenKeys>(work.live, work.company, plan_);
  }
}

WatchedKeys* TablePreview::watched() const {
  if (conflicts_) return conflicts_.get();
  return taken_.get();
}

void TablePreview::add(std::string_view line) {
  if (matched_.gaps.empty() && watched() == nullptr && !foresees_ && work_.listing == nullptr)
    return;
  const std::vector<RowValue>& row = note_added(line);
  if (work_.listing != nullptr) work_.listing->added(plan_, row);
  if (watched() != nullptr) watched()->note_added(row);
  if (missing_) missing_->note_added(row);
  if (repeated_) repeated_->note_added(row);
  if (foresees_) work_.outside.gained(matched_.scoped->table, matched_.columns, row);
}

void TablePreview::remove(const CurrentRow&, const std::vector<RowValue>& values) {
  if (conflicts_) conflicts_->gone(values);
  if (work_.listing != nullptr) work_.listing->removed(plan_, values);
  if (foresees_) work_.outside.lost(matched_.scoped->table, plan_.current, values);
}

void TablePreview::change(const CurrentRow&, const std::vector<RowValue>& current,
                          const std::vector<RowValue>& archived,
                          const std::vector<size_t>& columns) {
  if (work_.listing != nullptr) work_.listing->changed(plan_, current, archived, columns);
  if (watched() != nullptr) watched()->note_changed(current, archived, columns);
  if (missing_) missing_->note_changed(current, archived, columns);
  if (repeated_) repeated_->note_changed(current, archived, columns);
  if (conflicts_ && !keeps_keys(columns)) conflicts_->gone(current);
  if (!foresees_ || keeps_keys(columns)) return;
  const std::vector<RowValue> row = with_changes(current, archived, columns);
  work_.outside.lost(matched_.scoped->table, plan_.current, current);
  work_.outside.gained(matched_.scoped->table, plan_.current, row);
}

// Rows that meet others, or refer to what is gone, are left out. Those of a table without a key
// cannot be told from rows that go.
void TablePreview::refuse_taken() {
  conflicts_->look_up([&](const UniqueIndex& index, const MergeConflict& conflict) {
    if (plan_.is_keyless() && !conflict.existing.empty()) return;
    filter()->find_clash(conflict.row, conflict.archived, index.oid);
  });
  missing_->look_up(
      [this](const std::string& row, const std::string& key, const Reference& reference) {
        filter()->find_dangling(row, key, reference);
      });
  if (work_.refusals->is_incomplete()) return;  // one of them may not come
  repeated_->look_up([this](const std::string& row, const std::string& key, Oid index) {
    filter()->find_clash(row, key, index);
  });
}

void TablePreview::finish() {
  if (taken_) taken_in_ = taken_->look_up();
  if (leaves_out_) return refuse_taken();
  if (!conflicts_) return;
  const std::vector<KeyConflicts> found = conflicts_->look_up();
  for (const KeyConflicts& key : found) taken_in_.push_back({key.index, key.summary()});
  work_.conflicts.note(*matched_.table, found);
}

}  // namespace company_backup
