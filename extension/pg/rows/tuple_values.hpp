// Some values of a row of the server, in the form that a line of an archive has them in.
#pragma once

#include <string>
#include <vector>

#include "core/text/row_line.hpp"
#include "pg/rows/row_encoder.hpp"

namespace company_backup {

class TupleValues {
 public:
  // `columns`: of the rows; `positions`: those that are wanted.
  TupleValues(const std::vector<const Column*>& columns, const std::vector<size_t>& positions);

  // One value per column; NULL where it is not wanted. Valid until the next call, as long as the
  // row is.
  const std::vector<RowValue>& read(TupleTableSlot* row);
  // Gives back the server's memory; after an error the server does so.
  void close();

 private:
  // Wanted columns, by what it takes to get at their text.
  struct Ways {
    std::vector<size_t> texts;  // they are it
    std::vector<size_t> plain;  // written by the encoder, nothing escaped
    std::vector<size_t> lines;  // written as part of a line, and read from there
  };
  static Ways ways_of(const std::vector<const Column*>& columns,
                      const std::vector<size_t>& positions);
  void read_text(TupleTableSlot* row, size_t position);
  void read_plain();
  void read_line();

  Ways ways_;
  RowEncoder plain_encoder_, line_encoder_;
  RowLine line_;
  std::string plain_text_, line_text_;
  std::vector<RowValue> values_;
  MemoryContext memory_;  // of one row
};

}  // namespace company_backup
