// Changing and removing rows of one local table by the version they were read in, without its
// triggers and referential actions, as pg/rows/row_writer.hpp loads rows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/merge/row_merge.hpp"
#include "pg/base/value_input.hpp"
#include "pg/rows/write_as.hpp"

namespace company_backup {

struct NewValue {
  int16_t column;  // attribute number in the table itself, also for a row of a partition
  LoadValue value;
};

class DoubtedRows;

class TableEdits {
 public:
  // `name`: of the table, for messages. As the owner the caller needs no right to it.
  // `doubts`, `row_check`: as of a RowWriter.
  TableEdits(Oid table, std::string name, WriteAs as = WriteAs::kCaller,
             DoubtedRows* doubts = nullptr, std::string row_check = {});
  ~TableEdits();
  TableEdits(const TableEdits&) = delete;
  TableEdits& operator=(const TableEdits&) = delete;

  // Edits are made in batches, so that an error may be of an earlier one: 40001 if the version is
  // not the row's last any more; 42501 unless the caller may DELETE, or UPDATE these columns;
  // kBadValue; PostgreSQL's own class 23.
  void remove(const RowVersion& version);
  // No column of a partition key, or of a unique or exclusion constraint. The values are copied.
  // `row`: its key, for messages.
  void update(const RowVersion& version, const std::vector<NewValue>& values,
              std::string_view row = {});

  // Makes the edits that wait.
  void flush();
  // The same; to be called once, after which the object is done.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace company_backup
