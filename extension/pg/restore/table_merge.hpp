// The merge of one table: its current rows, and orphans that the company adopts, are compared with
// the archive's. What becomes of the differences is up to who derives from it: a preview
// (table_preview.hpp) notes what they would meet, a restore (table_restore.hpp) writes them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pg/base/line_spool.hpp"
#include "pg/load/kept_ids.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/load/missing_values.hpp"
#include "pg/restore/cut_references.hpp"
#include "pg/restore/homeless_rows.hpp"
#include "pg/load/left_out.hpp"
#include "pg/restore/merge_conflicts.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/restore/orphans.hpp"
#include "pg/restore/outside_rows.hpp"
#include "pg/restore/refusal_filter.hpp"
#include "pg/restore/row_listing.hpp"
#include "pg/rows/current_rows.hpp"

namespace company_backup {

struct MergeCounts {
  const ScopedTable* scoped;
  uint64_t added = 0, changed = 0, removed = 0, unchanged = 0;
  // Of the unchanged ones: rows that the archive has with other values, and rows that it has not.
  uint64_t different = 0, unknown = 0;
  // Rows that do not come: they came before and were removed since; or they need such rows.
  uint64_t removed_since = 0, needing = 0;
  // Rows that the table refuses, and rows that need such rows: they do not come, or stay as they
  // are.
  uint64_t refused = 0, lacking = 0;
  uint64_t doubted = 0;   // rows that come, and that the table may refuse when all are there
  uint64_t homeless = 0;  // rows that do not come, since they would be nobody's
  uint64_t absent = 0;    // rows that only the archive has, and that do not come
};

// What the merges of all tables share.
struct MergeWork {
  const LiveScope& live;
  const Company& company;
  MatchedArchive& load;  // of the same archive
  MergePolicy policy;
  OutsideRows outside{
      live, company, {.preview = policy.preview, .partial = policy.selected != nullptr}};
  MissingValues missing{live};
  MergeConflicts conflicts{};
  KeptIds* kept = nullptr;           // of a merge of another company's rows
  Refusals* refusals = nullptr;      // gets rows that are refused; null: such a row is an error
  HomelessRows* homeless = nullptr;  // where rows are only added
  LeftOutRows removed_since{live};
  LeftOutRows& left_out() {
    return refusals == nullptr ? removed_since : refusals->known().left_out();
  }
  CutReferences cut{live, company, load, policy};
  RowListing* listing = nullptr;  // gets what a preview finds; null: nobody does
};

class TableMerge : public MergeHandler, private RefusalFilter::Next {
 public:
  // `orphans`: null if there are none. All references must outlive it.
  TableMerge(MergeWork& work, const MatchedTable& matched, OrphanRows* orphans);

  const MergePlan& plan() const { return plan_; }

  // To be called once. Errors: kRowTooLarge, and those of RowMerge and of what derives from it.
  MergeCounts run();

  void added(std::string_view line) final;
  void removed(const CurrentRow& row, const std::vector<RowValue>& values) final;
  void changed(const CurrentRow& row, const std::vector<RowValue>& current,
               const std::vector<RowValue>& archived, const std::vector<size_t>& columns) final;
  void unchanged() final { ++counts_.unchanged; }

 protected:
  // The differences, in the order of the key.
  virtual void add(std::string_view line) = 0;
  virtual void remove(const CurrentRow& row, const std::vector<RowValue>& values) = 0;
  virtual void change(const CurrentRow& row, const std::vector<RowValue>& current,
                      const std::vector<RowValue>& archived,
                      const std::vector<size_t>& columns) = 0;
  // A row that is not as the archive has it, and stays as it is: of an append-only table, or in a
  // merge.
  virtual void stay(const CurrentRow&) {}

  // The archive's rows, translated.
  virtual std::unique_ptr<LineSource> lines();
  // Every row of the company, before it is compared.
  virtual void see(const RowVersion&, uint32_t /*xmin*/) {}
  // Gets the lines of the company's rows; null: nobody does.
  virtual LineCutter* before() { return nullptr; }
  virtual void adopted(const SortedRow&) {}
  virtual void end_of_rows() {}
  virtual void finish() {}

  // Of a keyless table: what an earlier restore left in it, if that is known; and rows that it left
  // and that are gone, or that it did not leave and that are there.
  virtual bool has_left() const { return false; }
  virtual bool next_left(std::string_view&) { return false; }
  virtual void keyless_added(const std::vector<RowValue>&) {}
  virtual void keyless_removed(std::string_view /*line*/) {}

  // May rows keep their place, or does one of these columns make them others?
  bool keeps_keys(const std::vector<size_t>& columns) const;
  // To MissingValues: a row that is added. Gives its values.
  const std::vector<RowValue>& note_added(std::string_view line);
  // Null: refused rows are errors.
  RefusalFilter* filter() { return filter_ ? &*filter_ : nullptr; }

  MergeWork& work_;
  const MatchedTable& matched_;
  const MergePlan plan_;
  OrphanRows* orphans_;
  MergeCounts counts_{};
  uint32_t xmin_ = 0;  // of the row at hand

 private:
  struct EqualRows;

  void note_changed(const std::vector<RowValue>& current, const std::vector<RowValue>& archived,
                    const std::vector<size_t>& columns);
  std::vector<size_t> changing(const std::vector<size_t>& columns) const;
  bool is_on_way_to_company(size_t position) const;
  void read_rows(const CurrentRowVisitor& visit);
  void adopt(const std::function<bool(const SortedRow&)>& wanted, const CurrentRowVisitor& put);
  void note_selected(const SortedRow& orphan);
  void merge_rows(LineSource& archive);
  void merge_keyless(LineSource& archive);
  void compare_sorted(LineSorter& sorter, RowLine& current, bool has_left);
  void add_missing(EqualRows& equal);
  RowLine& parsed(std::string_view line);
  void come(std::string_view line, std::string_view archived);
  bool came_and_went(std::string_view line);
  bool is_homeless(std::string_view line);
  bool may_stay_away() const;
  bool stays_away(std::string_view line);
  void decide_waiting();
  void remove_now(const CurrentRow& row, const std::vector<RowValue>& values);
  void change_or_try(const CurrentRow& row, const std::vector<RowValue>& current,
                     const std::vector<RowValue>& archived, const std::vector<size_t>& columns);
  void change_now(const CurrentRow& row, const std::vector<RowValue>& current,
                  const std::vector<RowValue>& archived, const std::vector<size_t>& columns);
  void add_row(std::string_view line, std::string_view archived) override { come(line, archived); }
  void change_row(const CurrentRow& row, const RowsOnTrial::Row& known,
                  const std::vector<RowValue>& current,
                  const std::vector<RowValue>& archived) override;
  void remove_row(const CurrentRow& row, const RowsOnTrial::Row& known,
                  const std::vector<RowValue>& values) override;
  void leave_row(const CurrentRow& row) override;

  std::unique_ptr<LineSource> archive_;  // lives as long: the undo record takes pieces from it
  std::optional<RowLine> added_row_, adopted_row_;
  bool noted_ = false;  // the added row at hand
  // In a merge of another company's rows: those to be added, until it is known which come.
  std::unique_ptr<LineSpool> waiting_;
  std::vector<RowValue> changed_;  // the row at hand, without what it may not refer to
  std::string changed_line_;
  bool is_orphan_ = false;  // the row at hand
  std::optional<RefusalFilter> filter_;
};

}  // namespace company_backup
