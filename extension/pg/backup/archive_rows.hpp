// The rows of the tables of a stored backup.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/archive/manifest.hpp"
#include "core/merge/row_merge.hpp"
#include "core/text/line_cutter.hpp"
#include "pg/backup/archive_source.hpp"
#include "pg/backup/archived_files.hpp"
#include "pg/base/piece_pipeline.hpp"
#include "pg/rows/row_source.hpp"

namespace company_backup {

// Reads every line of a table. Error kDamagedArchive at the end unless rows, bytes and digest are
// what the manifest says. All references must outlive it.
class ArchiveLines : public LineSource {
 public:
  ArchiveLines(MemberSource& source, bool shared, size_t table_number, const ManifestTable& table);
  bool next(std::string_view& line) override;
  std::string_view member_of(std::string_view piece) const override;

 private:
  struct Read {
    std::string member, piece;
  };
  bool next_piece();
  void finish();

  MemberSource& source_;
  const ManifestTable& table_;
  LineSplitter lines_;
  uint64_t rows_ = 0, bytes_ = 0;
  bool more_ = true;  // members
  Read read_[2];      // the piece that lines come from, and the one before
  int latest_ = 0;    // in read_
  Sha256 digest_;
  bool finished_ = false;
  PiecePipeline pipeline_;  // last: its thread works on the digest
};

class ArchiveRows : public RowSource {
 public:
  // `files`: the backup that holds the contents of columns of files; 0 if rows hold them.
  ArchiveRows(std::unique_ptr<MemberSource> members, int64_t files)
      : members_(std::move(members)), files_(files) {}

  void read(const MatchedTable& table, const std::vector<size_t>& wanted,
            const Visitor& row) override;
  void write(const MatchedTable& table, MappedRowWriter& writer) override;
  ReadBytes bytes_of(const MatchedTable& table) const override;
  std::unique_ptr<LineSource> lines(bool shared, size_t number,
                                    const ManifestTable& table) override;

 private:
  std::unique_ptr<MemberSource> members_;
  ArchivedFiles files_;
};

}  // namespace company_backup
