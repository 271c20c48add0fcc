// A table outside the company as the undo record has its rows, and as it is today.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/restore/outside_record.hpp"
#include "pg/rows/current_rows.hpp"
#include "pg/rows/mapped_row_writer.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class RecordedTable {
 public:
  RecordedTable(const LiveScope& live, const OutsideRecord& record);

  bool exists() const { return table_ != nullptr; }
  const Table& table() const { return *table_; }
  TableIndex index() const { return index_; }
  const std::string& name() const { return name_; }

  // Those of the recorded columns that can be written today, in the order of the record; the rest
  // of this class speaks of them only.
  const std::vector<const Column*>& columns() const { return columns_; }
  std::vector<int16_t> numbers() const;
  std::vector<size_t> key_positions() const;

  // From now on values of a column (its position) are given as the map has them, which must outlive
  // this.
  void translate(size_t position, const KeyMap& map) { mapper_.map_column(position, &map); }

  // The values of a recorded row, valid until the next call and as long as `row`.
  const std::vector<RowValue>& parse(std::string_view row);
  // The same as the columns' types read them.
  const std::vector<LoadValue>& read(const std::vector<RowValue>& values) {
    return reader_.read(values);
  }
  // For messages; "" if the table has no key, or the caller may not see its rows.
  std::string row_key(const std::vector<RowValue>& values) const;

  // What tells the row apart from others: its key, or all its values.
  std::string identity(const std::vector<RowValue>& values) const;

  // Calls `visit` for the rows of today that have one of these identities.
  using Visit = std::function<void(const std::string& identity, const RowVersion& version,
                                   const std::vector<RowValue>& values)>;
  void find(const std::vector<std::string>& identities, const Visit& visit) const;

  // The same of those that belong to a company with one of these keys, as the caller sees them.
  // Only of tables whose rows companies own.
  void find_owned(const std::vector<std::string>& identities,
                  const std::vector<std::string>& companies, const Visit& visit) const;

 private:
  using Condition = std::function<std::string(std::vector<Arg>& args)>;
  void search(const std::vector<std::string>& identities, const Condition& also,
              const Visit& visit) const;

  const LiveScope& live_;
  TableIndex index_ = kNoTable;
  const Table* table_ = nullptr;
  std::string name_;
  std::vector<size_t> kept_;  // positions of columns_ among the recorded ones
  std::vector<const Column*> columns_;
  std::vector<int16_t> key_;  // attribute numbers; empty: none
  bool visible_ = false;
  RowLine line_;
  std::vector<RowValue> values_;
  RowMapper mapper_;
  ValueReader reader_;
};

}  // namespace company_backup
