// Where the rows of a company come from on their way into a company: an archive, or the tables they
// stand in.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "core/merge/row_merge.hpp"
#include "pg/rows/mapped_row_writer.hpp"

namespace company_backup {

class RowSource {
 public:
  using Visitor = std::function<void(const std::vector<RowValue>& row)>;
  virtual ~RowSource() = default;

  // Calls `row` with every row of a table, in the order of its key. Columns that are not at one of
  // the positions `wanted` may be NULL in it.
  virtual void read(const MatchedTable& table, const std::vector<size_t>& wanted,
                    const Visitor& row) = 0;

  // Gives every row of a table to `writer`, in that order.
  virtual void write(const MatchedTable& table, MappedRowWriter& writer) = 0;

  // How values of the table's bytea columns are read.
  virtual ReadBytes bytes_of(const MatchedTable& table) const = 0;

  // The lines of a table in an archive.
  virtual std::unique_ptr<LineSource> lines(bool shared, size_t number,
                                            const ManifestTable& table) = 0;
};

}  // namespace company_backup
