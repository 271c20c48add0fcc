// Compares the current rows of a table with those of an archive, both in the order of their key,
// line against line, in bounded memory. Decides; what is to be done is its handler's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/text/row_line.hpp"

namespace company_backup {

// Lines of the archive, without their line ends, in order. A line is valid until the next call.
class LineSource {
 public:
  virtual ~LineSource() = default;
  virtual bool next(std::string_view& line) = 0;
  // The stored member that holds just this piece (core/text/line_cutter.hpp), if it is one of the
  // last that lines came from; else empty.
  virtual std::string_view member_of(std::string_view) const { return {}; }
};

// Where a version of a row stands in the database.
struct RowVersion {
  uint32_t relation = 0;  // the partition that holds it
  uint32_t block = 0;
  uint16_t offset = 0;
};

// A row as it is now, encoded with the columns of the archive first, in their order, then others.
struct CurrentRow {
  std::string_view line;
  RowVersion version;
};

// A column that both sides have.
struct MergeColumn {
  enum class Mode : uint8_t {
    kCompared,  // the archive's value counts
    kKept,      // the current value stays (identity, secret, omitted file)
    kGreater,   // the archive's value counts where wins() says so (counter)
  };
  RowColumn column;
  Mode mode = Mode::kCompared;
  // kGreater: is the archive's value greater? Both are not NULL.
  std::function<bool(std::string_view archived, std::string_view current)> wins{};
  bool is_file = false;  // the archive's value is the SHA-256 of the content, not base64 of it
};

struct MergeKeyPart {
  size_t column;
  KeyOrder order;
};

// Everything given to these is valid during the call only.
class MergeHandler {
 public:
  virtual ~MergeHandler() = default;
  // A row that only the archive has.
  virtual void added(std::string_view line) = 0;
  // A row that only the database has; `values`: of all its columns.
  virtual void removed(const CurrentRow& row, const std::vector<RowValue>& values) = 0;
  // `columns`: positions whose archived value differs and counts.
  virtual void changed(const CurrentRow& row, const std::vector<RowValue>& current,
                       const std::vector<RowValue>& archived,
                       const std::vector<size_t>& columns) = 0;
  virtual void unchanged() = 0;
};

// Positions of columns whose archived value differs from the current one and counts.
void find_differences(const std::vector<MergeColumn>& columns, const std::vector<RowValue>& current,
                      const std::vector<RowValue>& archived, std::vector<size_t>& differences);

// The row as it will be: the current one with the archive's values in these columns (positions).
std::vector<RowValue> with_changes(const std::vector<RowValue>& current,
                                   const std::vector<RowValue>& archived,
                                   const std::vector<size_t>& columns);

// Of a table with a key.
class RowMerge {
 public:
  // `columns`: those of the archive, in order; `others`: those that only current rows have.
  RowMerge(std::vector<MergeColumn> columns, const std::vector<RowColumn>& others,
           std::vector<MergeKeyPart> key, LineSource& archive, MergeHandler& handler);

  // The next row of the database. Errors: those of RowLine and compare_keys(); kInternal if rows do
  // not come in the order of their key, which would lose some of them.
  void current(const CurrentRow& row);
  // There are no more rows in the database.
  void finish();

 private:
  void advance();
  bool is_equal(std::string_view line) const;
  int compare_to_archive() const;
  void compare_values(const CurrentRow& row);
  void check_order();

  std::vector<MergeColumn> columns_;
  bool has_others_;
  std::vector<MergeKeyPart> key_;
  LineSource& archive_;
  MergeHandler& handler_;
  RowLine archived_row_, current_row_;
  std::string_view line_;  // the archive's next
  bool has_line_ = false;
  bool parsed_ = false;                // archived_row_ is of line_
  std::vector<std::string> last_key_;  // of current rows that were not equal at once
  std::vector<size_t> differences_;
};

// What an archive has of the content of a file, which is base64.
std::string file_digest(const RowValue& base64);

// The columns of a whole current row.
std::vector<RowColumn> line_columns(const std::vector<MergeColumn>& columns,
                                    const std::vector<RowColumn>& others);

// Values that compare equal give equal texts, and others never do: the sort key of tables without a
// key. It is short, however long the values are. Columns that are kept do not count. `archived`:
// the values are the archive's.
std::string comparable(const std::vector<MergeColumn>& columns, const std::vector<RowValue>& values,
                       bool archived);

}  // namespace company_backup
