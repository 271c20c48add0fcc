// How the current rows of a table are compared with those of an archive.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "core/merge/row_merge.hpp"
#include "pg/restore/row_selection.hpp"
#include "pg/rows/current_rows.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

struct MergePlan {
  const MatchedTable* matched;
  std::vector<MergeColumn> columns;    // of the archive
  std::vector<RowColumn> others;       // of the current rows besides
  std::vector<const Column*> current;  // of both, as a current line has them
  std::vector<MergeKeyPart> key;       // empty: the table is keyless
  CurrentQuery query;
  std::string select;  // how `query` begins: only a condition on "t" is missing
  // Attribute numbers of columns that a unique or exclusion constraint or the partitioning depends
  // on: a row in which one of them changes is removed and loaded again.
  std::set<int16_t> constrained;
  bool adds = true, changes = true, removes = true;  // rows may be ...
  bool raises_counters = false;  // columns of rows that otherwise stay as they are
  bool is_company = false;

  bool is_keyless() const { return key.empty() && !is_company; }
  // The key of a row for messages, of the values of the archive's columns at least: (7, north). ""
  // without a key.
  std::string key_text(const std::vector<RowValue>& values) const;
  // Is a row of the archive the same, whatever it holds? A key, or all that counts of a row
  // without.
  std::string identity_of(const std::vector<RowValue>& row) const;
  // The same, however the values of the key are printed.
  std::string refusal_key(const std::vector<RowValue>& row) const;
};

// The key of a row, as one text that is the same however its values are printed.
std::string refused_key(const MatchedTable& matched, const std::vector<std::string>& key);

struct MergePolicy {
  bool with_files = false;
  bool exact = false;  // every column counts, rows of append_only tables as well: a revert
  // Orphans that the archive has are taken for the company's, see pg/restore/orphans.hpp: only
  // right if the archive's rows were this company's.
  bool adopts = false;
  bool merges = false;          // rows are added only: what is there stays
  bool adds_removed = false;    // rows that came before and were removed since come again
  bool leaves_unknown = false;  // rows in tables that the archive does not know are no obstacle
  bool created = false;         // the company's row has just been made, and stays as it is
  bool preview = false;         // it is only compared
  // Rows that stand in the way show when others are written: the first of them is an error then.
  // Else all of them are looked for beforehand, which takes longer.
  bool meets_conflicts = false;
  // Rows of the archive became rows that are here, if their unique values are the same ...
  bool keeps_existing = false;
  // ... in these tables, or as all singletons do: several may have become the same one.
  std::set<TableIndex> bound{};
  // Only these rows are touched; null: all. It must outlive the merge.
  RowSelection* selected = nullptr;

  const SelectedTable* selected_of(TableIndex table) const {
    return selected == nullptr ? nullptr : selected->of(table);
  }
  // May some rows of the table that the archive has otherwise, or has not, stay?
  bool leaves_rows_of(TableIndex table) const {
    return merges || (selected != nullptr && !selected->covers(table));
  }
};

// Error kSchemaDiffers if rows cannot be told apart as the archive does.
MergePlan plan_merge(const LiveScope& live, const MatchedTable& matched, const Company& company,
                     const MergePolicy& policy);

}  // namespace company_backup
