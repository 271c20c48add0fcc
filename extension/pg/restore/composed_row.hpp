// A row of the company in which some columns become what an archive has, as one line with all its
// columns and with files as base64.
#pragma once

#include <string>
#include <vector>

#include "core/text/row_composer.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {

class ComposedRow {
 public:
  // The plan must outlive it. `read_bytes`: of the archive's files.
  ComposedRow(const MergePlan& plan, ReadBytes read_bytes);

  // `columns`: positions that change. Valid until the next call.
  const std::string& line(const std::vector<RowValue>& current,
                          const std::vector<RowValue>& archived,
                          const std::vector<size_t>& columns);

 private:
  const MergePlan& plan_;
  ReadBytes read_bytes_;
  RowComposer composer_;
  std::string line_;
};

}  // namespace company_backup
