// Rows outside the company that refer to rows of it: when a restore removes what they refer to,
// they follow the foreign key's ON DELETE action, or stop the restore.
//
// Outside are rows of tables that do not travel, and rows of tables that travel which belong to
// others or to nobody. A row that follows may take others along, as deep as foreign keys go. No
// trigger fires, and rows are searched and written as their table's owner, as PostgreSQL itself
// does for foreign keys.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/text/row_line.hpp"
#include "pg/restore/outside_actions.hpp"
#include "pg/restore/undo.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class OutsideRows {
 public:
  // In a preview nothing is written, and foresee() takes the place of settle().
  OutsideRows(const LiveScope& live, const Company& company, OutsideWork work);
  ~OutsideRows();
  OutsideRows(const OutsideRows&) = delete;
  OutsideRows& operator=(const OutsideRows&) = delete;

  // A row of a travelling table is gone, or its unique columns have changed. `columns`: of
  // `values`, always the same for a table.
  void lost(TableIndex table, const std::vector<const Column*>& columns,
            const std::vector<RowValue>& values);

  // For a preview: a row like this will be there.
  void gained(TableIndex table, const std::vector<const Column*>& columns,
              const std::vector<RowValue>& values);

  // For a preview, after all rows: what settle() would stop at, by the table that loses rows.
  std::multimap<TableIndex, std::string> foresee();

  // After all rows of the company are written. What is done to outside rows goes to the undo
  // record; null: it is final. Errors: kIntegrity lists the rows whose foreign key says NO ACTION
  // or RESTRICT, that are of an append-only table, that were not looked at and would be nobody's,
  // or whose default leads nowhere;
  // kSerializationFailure if somebody else added or changed rows meanwhile; PostgreSQL's own class
  // 23.
  void settle(UndoWriter* undo);

  // Of a deletion, after settle() or foresee(): what became of rows outside.
  std::map<TableIndex, FollowedRows> followed() const;

  // Did settle() delete rows of the table, or change their unique columns?
  bool has_lost(TableIndex table) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace company_backup
