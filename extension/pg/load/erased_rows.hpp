// The rows of an archive without those that were erased since it was made, and without what needs
// them: see LeftOutRows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "pg/backup/tombstones.hpp"
#include "pg/load/left_out.hpp"
#include "pg/rows/row_source.hpp"

namespace company_backup {

// Of a table, how many rows were erased, need such ones and do not come either, and come without a
// reference to one.
struct ErasedCounts {
  uint64_t erased = 0, needing = 0, changed = 0;
};

class ErasedRows : public RowSource {
 public:
  // Nothing if no row of the archive was erased. `manifest` and `archive` as they are without it;
  // these two and `live` must outlive it. Error kErased if the company was.
  static std::unique_ptr<ErasedRows> find(const LiveScope& live, const Manifest& manifest,
                                          RowSource& archive, Tombstones tombstones);

  // The numbers of rows become those that are left; the digests of such tables go.
  void correct(Manifest& manifest) const;

  // By the table's number in the manifest.
  const std::map<size_t, ErasedCounts>& counts() const { return counts_; }

  void read(const MatchedTable& table, const std::vector<size_t>& wanted,
            const Visitor& row) override;
  void write(const MatchedTable& table, MappedRowWriter& writer) override;
  ReadBytes bytes_of(const MatchedTable& table) const override;
  std::unique_ptr<LineSource> lines(bool shared, size_t number,
                                    const ManifestTable& table) override;

 private:
  class Lines;

  ErasedRows(const LiveScope& live, const Manifest& manifest, RowSource& archive,
             Tombstones tombstones);
  bool find_erased();
  void find_needing();
  bool is_erased(const MatchedTable& matched, const std::vector<RowValue>& row) const;

  const LiveScope& live_;
  const Manifest manifest_;  // as the archive has it
  RowSource& archive_;
  const Tombstones tombstones_;
  std::vector<MatchedTable> tables_;
  LeftOutRows left_out_;
  std::map<size_t, ErasedCounts> counts_;
};

}  // namespace company_backup
