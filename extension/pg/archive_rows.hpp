// The rows of one table of a stored backup, line by line.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/line_cutter.hpp"
#include "core/manifest.hpp"
#include "core/row_merge.hpp"
#include "pg/archive_source.hpp"
#include "pg/piece_pipeline.hpp"

namespace company_backup {

// Reads every line of a table. Error kDamagedArchive at the end unless rows, bytes and digest are
// what the manifest says. All references must outlive it.
class ArchiveLines : public LineSource {
 public:
  ArchiveLines(MemberSource& source, bool shared, size_t table_number, const ManifestTable& table);
  bool next(std::string_view& line) override;

 private:
  bool next_piece();
  void finish();

  MemberSource& source_;
  const ManifestTable& table_;
  LineSplitter lines_;
  uint64_t rows_ = 0, bytes_ = 0;
  bool more_ = true;  // members
  std::string member_, piece_;
  Sha256 digest_;
  bool finished_ = false;
  const bool raw_;
  PiecePipeline pipeline_;  // last: its thread works on the digest
};

// Calls `row` with every line of a table.
void read_rows(MemberSource& source, bool shared, size_t table_number, const ManifestTable& table,
               const std::function<void(std::string_view line)>& row);

}  // namespace company_backup
