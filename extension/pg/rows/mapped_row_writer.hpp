// Writes rows into one table: every value on its way from a line of an archive, or from a row of
// the same table, to the table.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "core/ids/row_mapper.hpp"
#include "core/scope/schema.hpp"
#include "core/text/row_line.hpp"
#include "pg/base/spi.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/replaced_values.hpp"
#include "pg/rows/row_writer.hpp"
#include "pg/rows/sequences.hpp"
#include "pg/rows/tuple_values.hpp"

namespace company_backup {

class MappedRowWriter {
 public:
  // `columns`: of a line; `loaded`: which of them the table gets, the others get their replacement
  // or their default; `key`: attribute numbers, for messages; `doubts`, `row_check`: of RowWriter.
  // The table and the mapper's maps must outlive it.
  MappedRowWriter(const Table& table, const std::vector<const Column*>& columns,
                  const std::vector<bool>& loaded, const std::vector<int16_t>& key,
                  RowMapper mapper, ReadBytes read_bytes = read_base64,
                  const std::vector<Replacement>& replacements = {}, DoubtedRows* doubts = nullptr,
                  const std::string& row_check = {});

  // Sees every row as it is to be written; looks at these positions only.
  using Observer = std::function<void(const std::vector<RowValue>& row)>;
  void set_observer(Observer observer, std::vector<size_t> positions);

  // See RowWriter.
  void leave_out_taken(RowWriter::TakenRow told) { writer_.leave_out_taken(std::move(told)); }

  // Errors: those of RowLine, RowMapper and RowWriter.
  void write(std::string_view line, std::string_view tag = {});

  // The same for a row of the table itself, whose columns are those of a line. Values that nothing
  // changes are taken as they are, without a way through their text.
  void write(TupleTableSlot* row);

  const RowMapper& mapper() const { return mapper_; }

  // To be called once; adds the sequences behind loaded columns. Returns the number of rows.
  uint64_t finish(std::vector<ColumnSequence>& sequences);

 private:
  struct SequenceColumn {
    ColumnSequence sequence;
    size_t position;
  };
  void translate();
  void open_tuples();
  std::vector<const Column*> columns_;
  std::vector<size_t> loaded_;  // positions
  std::vector<size_t> key_;     // positions in loaded_
  RowMapper mapper_;
  RowLine line_;
  ValueReader reader_;
  ReplacedValues replacements_;
  RowWriter writer_;
  Observer observer_;
  std::vector<size_t> observed_;
  std::vector<SequenceColumn> sequence_columns_;
  std::vector<RowValue> values_;
  std::optional<TupleValues> tuples_;
  std::vector<bool> as_text_;  // positions that may be changed
  std::vector<LoadValue> row_;
};

}  // namespace company_backup
