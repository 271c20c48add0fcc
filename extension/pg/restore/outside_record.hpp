// What a restore did to one row outside the company, as a line of the undo record.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/row_line.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

// Names are lists as text_array() writes them.
struct OutsideRecord {
  std::string table;     // as encode_table_name() has it
  std::string columns;   // of the row
  std::string_view row;  // as it was: an object of these columns
  Text set;              // columns that were set; NULL: the row was deleted
  std::string_view now;  // an object of these columns, with the new values
};

void append_record(const OutsideRecord& record, std::string& out);

class OutsideRecordReader {
 public:
  OutsideRecordReader();
  // The views are valid as long as `line`, and until the next call.
  OutsideRecord read(std::string_view line);

 private:
  RowLine line_;
};

}  // namespace company_backup
