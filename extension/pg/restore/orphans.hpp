// Orphans: rows that belonged to a company through another row and belong to nobody since that row
// was removed alone. It referred to them (a settings row, the body of a document), or they to it,
// by a key that ON DELETE SET NULL emptied or that nothing enforces; or they are below such a row.
// A restore adopts those that the archive has, unless others use them (pg/load/adoptable.hpp): they
// count as current rows of the company, and the rows that made them so come back. All others stay
// as they are. Rows without a key cannot be found again by an empty reference: those are added
// again, and what was left stays nobody's.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "pg/backup/archive_source.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/base/sorted_row.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/restore/fitted_record.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/rows/current_rows.hpp"

namespace company_backup {

// Those of one table, in the order of its key.
class OrphanRows {
 public:
  void put(const MergePlan& plan, const CurrentRow& row, uint32_t xmin,
           const std::vector<RowValue>& values);
  // To be called once, after the last put().
  void sort();

  // The row at hand, valid until advance(); null at the end.
  const SortedRow* row() const { return row_ ? &*row_ : nullptr; }
  void advance();

 private:
  LineSorter sorter_;
  std::string last_;  // a row may have been found more than once
  std::optional<SortedRow> row_;
};

// The bytes that rows of the table are sorted by; "" if it has no key.
std::string sort_key(const MergePlan& plan, const std::vector<RowValue>& values);

// True where `t`, a row of `table`, refers by the step to one of the keys in the arrays from
// $`first` on.
std::string refers_to_one_of(const LiveScope& live, TableIndex table, const RouteStep& step,
                             size_t first);

// Looks for orphans under the active snapshot: rows with a key that the archive has and the company
// has not, and rows below these, which belong to whoever gets them. Reads the tables that can have
// such keys once more.
class Orphans {
 public:
  // All references must outlive it.
  Orphans(const LiveScope& live, const Company& company, MatchedArchive& load,
          const MergePolicy& policy);
  ~Orphans();

  bool empty() const { return found_.empty(); }

  // Null if there are none.
  OrphanRows* of(TableIndex table) const;

 private:
  class Search;
  std::map<TableIndex, std::unique_ptr<OrphanRows>> found_;
};

// What a restore adopted, as its undo record has it.
class FormerOrphans {
 public:
  // In the transaction of the restore.
  FormerOrphans(const LiveScope& live, int64_t restore);
  // Later: the company may have another key since. `load`: of the record. All must outlive it.
  FormerOrphans(const LiveScope& live, const FittedRecord& record, MatchedArchive& load);

  struct Counts {
    uint64_t kept = 0, written = 0;  // rows; those that this transaction wrote
  };
  // Adds the versions of those that are orphans now, as sum_versions() does.
  // `recorded`: the columns that the undo record has.
  // `number`: the table's in the undo record.
  Counts add_versions(const MatchedTable& matched, size_t number,
                      const std::vector<const Column*>& recorded, uint32_t since, VersionSum& sum,
                      uint64_t& written);

 private:
  std::unique_ptr<LineSource> lines_of(size_t number) const;

  const LiveScope& live_;
  const FittedRecord* const record_ = nullptr;
  MatchedArchive* const load_ = nullptr;
  std::unique_ptr<MemberSource> members_;
};

}  // namespace company_backup
