// Brings the rows of one table to what the archive says, and tells the undo record.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/merge/change_log.hpp"
#include "pg/restore/conflict_search.hpp"
#include "pg/restore/discarded_edits.hpp"
#include "pg/restore/id_record.hpp"
#include "pg/restore/repeated_values.hpp"
#include "pg/restore/row_changes.hpp"
#include "pg/restore/row_places.hpp"
#include "pg/restore/table_merge.hpp"
#include "pg/restore/undo.hpp"

namespace company_backup {

// What was done to a table, for the proofs that follow.
struct WrittenTable {
  const MatchedTable* matched = nullptr;
  std::vector<const Column*> recorded;  // as the undo record has them
  VersionSum kept;                      // versions that stay as they were read
  uint64_t written = 0, found = 0;      // rows; which of them were found in the company
  FormerOrphans::Counts orphaned{};     // rows that were orphans before the restore, and are now
  bool added = false;                   // rows of the archive, or orphans
  bool inserted = false;                // added rows of the archive, or rows that were written anew
  bool lost = false;
  std::set<int16_t> changed_columns;
  RowPlaces staying;  // versions of append-only rows that stay in spite of the archive
};

class TableRestore : public TableMerge {
 public:
  // `undo`, `edits`: see CompanyMerge::apply(). `done` is filled. Errors: those of RowChanges.
  TableRestore(MergeWork& work, const MatchedTable& matched, OrphanRows* orphans, UndoWriter* undo,
               DiscardedEdits* edits, WrittenTable& done);

  // The table as the undo record has it.
  ManifestTable recorded(const LineTotals& totals) const;

 protected:
  void add(std::string_view line) override;
  void remove(const CurrentRow& row, const std::vector<RowValue>& values) override;
  void change(const CurrentRow& row, const std::vector<RowValue>& current,
              const std::vector<RowValue>& archived, const std::vector<size_t>& columns) override;
  void stay(const CurrentRow& row) override;
  std::unique_ptr<LineSource> lines() override;
  void see(const RowVersion& version, uint32_t xmin) override { done_.kept.add(version, xmin); }
  LineCutter* before() override { return undo_ == nullptr ? nullptr : &undo_->before(); }
  void adopted(const SortedRow& orphan) override;
  void end_of_rows() override;
  void finish() override;
  bool has_left() const override { return edits_ != nullptr && edits_->has_left(); }
  bool next_left(std::string_view& line) override { return edits_->next_left(line); }
  void keyless_added(const std::vector<RowValue>& values) override;
  void keyless_removed(std::string_view line) override;

 private:
  void watch_deferrable();
  void find_late();
  bool meets_others(const std::vector<RowValue>& current, const std::vector<RowValue>& archived,
                    const std::vector<size_t>& columns);

  UndoWriter* undo_;
  DiscardedEdits* edits_;
  const bool can_be_left_;  // its rows, to nobody
  WrittenTable& done_;
  std::optional<ChangeLogWriter> log_;
  std::optional<RowChanges> changes_;
  std::unique_ptr<ConflictSearch> conflicts_;  // in a merge
  // Where rows are left out: what deferrable constraints would refuse when all of them are there.
  std::unique_ptr<ConflictSearch> late_;
  std::unique_ptr<RepeatedValues> repeated_;
  std::optional<NewKeyRecord> new_keys_;  // where rows get new IDs
};

}  // namespace company_backup
