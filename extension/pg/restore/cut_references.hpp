// A selection may cut references: bring back a row without the one it refers to, or remove one that
// a row which stays refers to. Looks for such rows of the company, whether a foreign key, a soft
// reference of single columns or a route is cut. A preview of any restore looks for rows of logs
// whose references it would cut, see left_dangling.hpp; not in documents.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pg/load/matched_archive.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class CutReferences {
 public:
  // All must outlive it; nothing is read yet.
  CutReferences(const LiveScope& live, const Company& company, MatchedArchive& load,
                const MergePolicy& policy);
  ~CutReferences();
  CutReferences(const CutReferences&) = delete;
  CutReferences& operator=(const CutReferences&) = delete;

  // Is there a selection, or a preview of what may cut references of logs?
  bool watches() const { return !policy_.exact && (policy_.selected != nullptr || foresees_logs_); }

  // Rows that the restore writes: values of the archive's columns, or of all columns of the plan.
  void added(const MergePlan& plan, const std::vector<RowValue>& archived);
  void changed(const MergePlan& plan, const std::vector<RowValue>& current,
               const std::vector<RowValue>& after);
  void removed(const MergePlan& plan, const std::vector<RowValue>& values);

  // After all rows, under the snapshot they were read with; to be called once.
  void find();

  // After that: what stops the restore or is told by it, by the table that a preview tells it of.
  std::multimap<TableIndex, std::string> notes() const;
  // Error kIntegrity lists all of it, with what else to select.
  void refuse() const;

 private:
  struct Impl;
  const LiveScope& live_;
  const Company& company_;
  MatchedArchive& load_;
  const MergePolicy& policy_;
  const bool foresees_logs_;
  std::unique_ptr<Impl> impl_;  // from the first row on
};

}  // namespace company_backup
