#include "pg/restore/merge_conflicts.hpp"

#include <algorithm>

#include "core/text/error.hpp"
#include "core/text/table_name.hpp"

namespace company_backup {
namespace {

std::string describe(const Table& table, const KeyConflicts& found, const MergeConflict& conflict) {
  std::string text = "table " + display_table(table) + ", ";
  if (conflict.values.empty()) {
    text += "key " + display_name(found.index->name);
  } else {
    std::string columns;
    for (const int16_t number : found.index->columns) {
      columns += (columns.empty() ? "" : ", ") + display_name(column_of(table, number).name);
    }
    text += "(" + columns + ") = " + conflict.values;
  }
  text += ": row " + (conflict.archived.empty() ? "" : conflict.archived + " ") + "of the backup, ";
  return text + (conflict.existing.empty() ? "a row of another company, or of none"
                                           : "row " + conflict.existing + " of the company");
}

const char* hint_for(MergeConflicts::Meets meets) {
  switch (meets) {
    case MergeConflicts::Meets::kSelection:
      return "Rows that are not selected stay as they are. Change or remove one row of each pair, "
             "or select more.";
    case MergeConflicts::Meets::kMerge:
      return "A merge leaves rows that are there as they are. Change or remove one row of each "
             "pair, or say on_conflict => 'keep_existing': a row of the backup becomes the one of "
             "the company that has its value.";
    case MergeConflicts::Meets::kExisting:
      return "These rows cannot become the ones that have their values: those are not the "
             "company's, or are excluded by more than a value. Change or remove one row of each "
             "pair.";
  }
  return "";
}

}  // namespace

void KeyConflicts::note(MergeConflict conflict) {
  if (++count <= kListedConflicts) listed.push_back(std::move(conflict));
}

std::string KeyConflicts::summary() const {
  std::string text = std::to_string(count) + (count == 1 ? " row " : " rows ");
  if (exclusion)
    return text + (count == 1 ? "is excluded by another row" : "are excluded by other rows");
  text += count == 1 ? "has the value of another row" : "have values of other rows";
  std::string list;
  for (size_t i = 0; i < std::min(listed.size(), kListedKeys); ++i) {
    if (!listed[i].values.empty()) list += (list.empty() ? "" : ", ") + listed[i].values;
  }
  return text + (list.empty() ? "" : ": " + list + (count > kListedKeys ? ", ..." : ""));
}

void MergeConflicts::note(const Table& table, const std::vector<KeyConflicts>& all) {
  for (const KeyConflicts& found : all) {
    count_ += found.count;
    for (const MergeConflict& conflict : found.listed) {
      if (listed_ == kListedConflicts) break;
      ++listed_;
      list_ += (list_.empty() ? "" : "\n") + describe(table, found, conflict);
    }
  }
}

void MergeConflicts::refuse(Meets meets) const {
  if (count_ == 0) return;
  const uint64_t more = count_ - listed_;
  throw Error(sqlstate::kMergeConflict,
              std::to_string(count_) +
                  (count_ == 1 ? " row of the backup has a unique value that another row has"
                               : " rows of the backup have unique values that other rows have"))
      .detail(list_ + (more == 0 ? "" : "\nand " + std::to_string(more) + " more"))
      .hint(hint_for(meets));
}

}  // namespace company_backup
