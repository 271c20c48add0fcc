// Some values of a row of the server, in the form that a line of an archive has them in.
#pragma once

#include <string>
#include <vector>

#include "core/row_line.hpp"
#include "pg/row_encoder.hpp"

namespace company_backup {

class TupleValues {
 public:
  // `columns`: of the rows; `positions`: those that are wanted.
  TupleValues(const std::vector<const Column*>& columns, std::vector<size_t> positions);

  // One value per column; NULL where it is not wanted. Valid until the next call.
  const std::vector<RowValue>& read(TupleTableSlot* row);
  const std::vector<size_t>& positions() const { return positions_; }
  // Gives back the server's memory; after an error the server does so.
  void close();

 private:
  std::vector<size_t> positions_;
  RowEncoder encoder_;
  RowLine line_;
  std::string text_;
  std::vector<RowValue> values_;
  MemoryContext memory_;  // of one row
};

}  // namespace company_backup
