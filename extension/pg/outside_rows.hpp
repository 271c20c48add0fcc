// Rows outside the company that refer to rows of it: when a restore removes what they refer to,
// they follow the foreign key's ON DELETE action, or stop the restore.
#pragma once

#include <vector>

#include "core/row_line.hpp"
#include "pg/company_scope.hpp"
#include "pg/undo.hpp"

namespace company_backup {

class OutsideRows {
 public:
  OutsideRows(const LiveScope& live, const Company& company);
  ~OutsideRows();
  OutsideRows(const OutsideRows&) = delete;
  OutsideRows& operator=(const OutsideRows&) = delete;

  // A row of a travelling table is gone, or its unique columns have changed. `columns`: of
  // `values`.
  void lost(TableIndex table, const std::vector<const Column*>& columns,
            const std::vector<RowValue>& values);

  // After all rows of the company are written. What is done to outside rows goes to the undo
  // record; null: it is final. Error kIntegrity lists the rows whose foreign key says NO ACTION or
  // RESTRICT.
  void settle(UndoWriter* undo);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Brings back what settle() did to outside rows, where nobody has changed it since.
void bring_back_outside_rows(const LiveScope& live, int64_t restore);

}  // namespace company_backup
