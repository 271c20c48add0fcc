#include "pg/restore/table_restore.hpp"

#include <algorithm>

#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

// Columns that an added row gets as they stand in its line.
std::vector<size_t> known_positions(const MatchedTable& matched) {
  std::vector<size_t> positions;
  for (size_t i = 0; i < matched.loaded.size(); ++i) {
    if (matched.loaded[i] && !matched.archived->columns[i].files) positions.push_back(i);
  }
  return positions;
}

}  // namespace

TableRestore::TableRestore(MergeWork& work, const MatchedTable& matched, OrphanRows* orphans,
                           UndoWriter* undo, DiscardedEdits* edits, WrittenTable& done)
    : TableMerge(work, matched, orphans),
      undo_(undo),
      edits_(edits),
      can_be_left_(can_be_orphaned(work.live.schema, work.live.scope, *matched.scoped)),
      done_(done) {
  done_.matched = &matched;
  done_.recorded = work.policy.exact ? matched.columns : plan_.current;
  if (undo_ != nullptr && !plan_.is_keyless()) {
    log_.emplace(undo_->changes(), plan_.columns.size(), known_positions(matched));
  }
  changes_.emplace(plan_, work.load, log_ ? &*log_ : nullptr);
  if (edits_ != nullptr) edits_->begin_table(plan_);
  if (filter() != nullptr) {
    changes_->leave_out_taken([this](std::string_view line, bool whole, Oid index) {
      filter()->find_taken(line, whole, index);
    });
    watch_deferrable();
  } else if (ConflictSearch::is_needed(work.policy, plan_)) {
    conflicts_ = std::make_unique<ConflictSearch>(work.live, work.company, plan_);
  }
}

void TableRestore::watch_deferrable() {
  const auto is_deferrable = [](const UniqueIndex& index) { return !index.immediate; };
  const bool any = std::any_of(matched_.table->unique_indexes.begin(),
                               matched_.table->unique_indexes.end(), is_deferrable) ||
                   std::any_of(matched_.table->exclusions.begin(), matched_.table->exclusions.end(),
                               is_deferrable);
  if (!any) return;
  late_ =
      std::make_unique<ConflictSearch>(work_.live, work_.company, plan_, Constraints::kDeferrable);
  repeated_ = std::make_unique<RepeatedValues>(plan_, Constraints::kDeferrable);
}

// Before the writer proves these constraints, which raises an error. Rows of a table without a key
// cannot be told from rows that go.
void TableRestore::find_late() {
  late_->look_up([this](const UniqueIndex& index, const MergeConflict& conflict) {
    if (plan_.is_keyless() && !conflict.existing.empty()) return;
    filter()->find_clash(conflict.row, conflict.archived, index.oid);
  });
  work_.refusals->require_complete();  // one of those that repeat may not come
  repeated_->look_up([this](const std::string& row, const std::string& key, Oid index) {
    filter()->find_clash(row, key, index);
  });
  work_.refusals->require_complete();
}

// All columns, as they are.
ManifestTable TableRestore::recorded(const LineTotals& totals) const {
  ManifestTable table = *plan_.matched->archived;
  table.columns.clear();
  table.key.clear();
  table.omitted.clear();
  for (const Column* column : plan_.current) table.columns.push_back({column->name, column->type});
  for (const MergeKeyPart& part : plan_.key) {
    table.key.push_back({plan_.current[part.column]->name, part.order});
  }
  table.rows = totals.rows;
  table.bytes = totals.bytes;
  table.sha256 = totals.sha256;
  return table;
}

void TableRestore::add(std::string_view line) {
  if (edits_ != nullptr) edits_->check_added(line);
  if (!matched_.gaps.empty()) {
    note_added(line);
    return;
  }
  if (conflicts_) conflicts_->note_added(note_added(line));
  if (late_) late_->note_added(note_added(line));
  if (repeated_) repeated_->note_added(note_added(line));
  if (new_keys_ && new_keys_->is_of_some()) new_keys_->came(note_added(line));
  changes_->add(line);
}

void TableRestore::remove(const CurrentRow& row, const std::vector<RowValue>& values) {
  if (edits_ != nullptr) edits_->check_removed(row, values);
  done_.kept.remove(row.version, xmin_);
  if (conflicts_) conflicts_->gone(values);
  if (late_) late_->gone(values);
  changes_->remove(row, values);
  work_.outside.lost(matched_.scoped->table, plan_.current, values);
}

// Of the company's own row, which is changed in place: is a row in its way? It is left out then.
bool TableRestore::meets_others(const std::vector<RowValue>& current,
                                const std::vector<RowValue>& archived,
                                const std::vector<size_t>& columns) {
  if (filter() == nullptr || !plan_.is_company) return false;
  bool meets = false;
  ConflictSearch search(work_.live, work_.company, plan_);
  search.note_changed(current, archived, columns);
  search.look_up([&](const UniqueIndex& index, const MergeConflict& conflict) {
    if (!index.immediate) return;
    filter()->find_clash(conflict.row, conflict.archived, index.oid);
    meets = true;
  });
  return meets;
}

void TableRestore::change(const CurrentRow& row, const std::vector<RowValue>& current,
                          const std::vector<RowValue>& archived,
                          const std::vector<size_t>& columns) {
  if (meets_others(current, archived, columns)) return;
  if (edits_ != nullptr) edits_->check_changed(row, current);
  done_.kept.remove(row.version, xmin_);
  if (conflicts_) conflicts_->note_changed(current, archived, columns);
  if (conflicts_ && !keeps_keys(columns)) conflicts_->gone(current);
  if (late_) late_->note_changed(current, archived, columns);
  if (late_ && !keeps_keys(columns)) late_->gone(current);
  if (repeated_) repeated_->note_changed(current, archived, columns);
  for (size_t position : columns) done_.changed_columns.insert(plan_.current[position]->number);
  changes_->change(row, current, archived, columns);
  if (keeps_keys(columns)) return;
  done_.inserted = done_.lost = true;
  work_.outside.lost(matched_.scoped->table, plan_.current, current);
}

void TableRestore::stay(const CurrentRow& row) {
  if (plan_.query.foreign || !can_be_left_ || work_.policy.merges) return;
  if (matched_.scoped->treatment != TableTreatment::kAppendOnly) return;
  done_.staying.put(row.version);
}

std::unique_ptr<LineSource> TableRestore::lines() {
  if (undo_ != nullptr && !plan_.is_company && work_.load.gives_new_ids()) {
    const bool some = work_.kept != nullptr || work_.refusals != nullptr;
    new_keys_.emplace(matched_, some, undo_->ids());
  }
  std::unique_ptr<LineSource> lines =
      new_keys_ ? work_.load.lines(matched_, new_keys_->observer()) : TableMerge::lines();
  if (undo_ != nullptr) undo_->take_pieces_from(*lines);
  return lines;
}

void TableRestore::adopted(const SortedRow& orphan) {
  if (undo_ == nullptr) return;
  undo_->orphans().buffer() += orphan.line;
  undo_->orphans().end_line();
}

// A merge writes once it is known that no row stands in the way.
void TableRestore::end_of_rows() {
  if (!conflicts_) changes_->end_of_rows();
}

void TableRestore::finish() {
  if (conflicts_) {
    work_.conflicts.note(*matched_.table, conflicts_->look_up());
    if (!work_.conflicts.empty()) return changes_->stop();
    changes_->end_of_rows();
  }
  if (late_) find_late();
  changes_->finish(work_.load.sequences());
  if (new_keys_) new_keys_->finish();
  done_.written = counts_.added + counts_.changed;
  done_.added = counts_.added > 0 || orphans_ != nullptr;
  done_.inserted |= counts_.added > 0;
  done_.lost |= counts_.removed > 0;
}

void TableRestore::keyless_added(const std::vector<RowValue>& values) {
  if (edits_ != nullptr) edits_->note_keyless_added(values);
}

void TableRestore::keyless_removed(std::string_view line) {
  if (edits_ != nullptr) edits_->note_keyless_removed(line);
}

}  // namespace company_backup
