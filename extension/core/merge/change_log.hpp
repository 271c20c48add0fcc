// What a restore did to the rows of one table, in the order of their key: kept in the undo record,
// so that a revert can tell which rows somebody has edited since.
#pragma once

#include <string>
#include <vector>

#include "core/merge/row_merge.hpp"
#include "core/text/line_cutter.hpp"
#include "core/text/row_composer.hpp"

namespace company_backup {

class ChangeLogWriter {
 public:
  // `archived`: how many columns of a current line are the archive's; `known`: positions of those
  // that an added row got its value of.
  ChangeLogWriter(LineCutter& lines, size_t archived, const std::vector<size_t>& known);

  void added(std::string_view line) { write('a', line); }    // with the archive's columns, mapped
  void changed(std::string_view line) { write('c', line); }  // as the row is now
  void removed(std::string_view line) { write('r', line); }  // as the row was

 private:
  void write(char what, std::string_view line);

  LineCutter& lines_;
  std::string header_;  // until it is written
};

// The first line of such a log.
struct ChangeLogHeader {
  size_t archived = 0;             // columns that lines of added rows have
  std::vector<size_t> known = {};  // positions of those that such a row got its value of

  // Error kDamagedArchive.
  static ChangeLogHeader parse(std::string_view line);
  std::string text() const;
};

class ChangeLogReader {
 public:
  // `columns`: of a current line. The source must outlive it.
  ChangeLogReader(std::vector<RowColumn> columns, std::vector<MergeKeyPart> key, LineSource& lines);

  enum class State {
    kUntouched,  // the restore left such a row as it was
    kRemoved,    // it removed the row
    kWritten,    // it wrote the row as it is
    kDifferent,  // it wrote the row, but with other values
  };

  // What the restore made of the row with the key that `row` has, and whether `row` is that. Rows
  // must be asked for in the order of their key.
  State state_of(const std::vector<RowValue>& row);

 private:
  bool advance();
  bool is_as_written(const std::vector<RowValue>& row) const;

  std::vector<RowColumn> columns_;
  std::vector<MergeKeyPart> key_;
  LineSource& lines_;
  std::vector<size_t> known_;       // of added rows
  std::vector<RowLine> added_row_;  // empty until the header was read, then one
  RowLine whole_row_;
  char what_ = 0;  // of the entry at hand; 0: there is none
};

}  // namespace company_backup
