// The rows of an archive in the shape that they have here (core/archive/schema_drift.hpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/archive/schema_drift.hpp"
#include "pg/rows/row_source.hpp"

namespace company_backup {

class AdaptedRows : public RowSource {
 public:
  // Of `drift`'s manifest, once its rows are counted. `archive`: the rows as they are in the
  // archive. Both must outlive it.
  AdaptedRows(const SchemaDrift& drift, RowSource& archive);

  void read(const MatchedTable& table, const std::vector<size_t>& wanted,
            const Visitor& row) override;
  void write(const MatchedTable& table, MappedRowWriter& writer) override;
  ReadBytes bytes_of(const MatchedTable& table) const override;
  std::unique_ptr<LineSource> lines(bool shared, size_t number,
                                    const ManifestTable& table) override;

 private:
  const DriftTable& table_of(bool shared, size_t number) const;

  const SchemaDrift& drift_;
  RowSource& archive_;
  std::vector<MatchedTable> archived_;  // as `archive` has them
};

// Lines of the table as they are in the archive, in the shape that it has here and the order they
// come in. `table` must outlive them.
std::unique_ptr<LineSource> adapt_lines(const DriftTable& table, std::unique_ptr<LineSource> lines);

}  // namespace company_backup
