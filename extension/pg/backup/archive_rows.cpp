#include "pg/backup/archive_rows.hpp"

#include "core/text/member.hpp"
#include "pg/base/boundary.hpp"
#include "pg/base/progress.hpp"

namespace company_backup {

ArchiveLines::ArchiveLines(MemberSource& source, bool shared, size_t table_number,
                           const ManifestTable& table)
    : source_(source),
      table_(table),
      pipeline_([this](std::string_view member, std::string& piece) {
        inflate_member(member, kMaxPieceSize, piece);
        digest_.update(piece);
      }) {
  source_.open(shared, static_cast<int>(table_number));
}

bool ArchiveLines::next(std::string_view& line) {
  while (!finished_) {
    if (lines_.next(line)) {
      ++rows_;
      return true;
    }
    if (!next_piece()) finish();
  }
  return false;
}

bool ArchiveLines::next_piece() {
  check_for_interrupts();
  while (more_ && pipeline_.has_room()) {
    std::string member;
    more_ = source_.next(member);
    if (more_) pipeline_.push(std::move(member));
  }
  latest_ = 1 - latest_;
  Read& read = read_[latest_];
  if (!pipeline_.take(read.piece, read.member)) return false;
  bytes_ += read.piece.size();
  lines_.feed(read.piece);
  return true;
}

std::string_view ArchiveLines::member_of(std::string_view piece) const {
  for (const Read& read : read_) {
    if (read.piece == piece) return read.member;
  }
  return {};
}

void ArchiveLines::finish() {
  finished_ = true;
  lines_.finish();
  const bool is_same = digest_.finish() == table_.sha256;
  if (rows_ == table_.rows && bytes_ == table_.bytes && is_same) return;
  throw Error(sqlstate::kDamagedArchive,
              "the stored rows of table \"" + table_.name + "\" are damaged")
      .detail("The manifest says " + std::to_string(table_.rows) + " rows in " +
              std::to_string(table_.bytes) + " bytes; found are " + std::to_string(rows_) + " in " +
              std::to_string(bytes_) + (is_same ? "." : ", with another digest."));
}

void ArchiveRows::read(const MatchedTable& table, const std::vector<size_t>&, const Visitor& row) {
  RowLine line(row_columns(table.columns));
  ArchiveLines lines(*members_, false, table.number, *table.archived);
  std::string_view text;
  while (lines.next(text)) {
    line.parse(text);
    row(line.values());
  }
}

void ArchiveRows::write(const MatchedTable& table, MappedRowWriter& writer) {
  ArchiveLines lines(*members_, false, table.number, *table.archived);
  std::string_view line;
  while (lines.next(line)) {
    writer.write(line);
    count_row();
  }
}

ReadBytes ArchiveRows::bytes_of(const MatchedTable& table) const {
  return [this, &table](size_t position, const RowValue& value, std::string& bytes) {
    files_.read(table, position, value, bytes);
  };
}

std::unique_ptr<LineSource> ArchiveRows::lines(bool shared, size_t number,
                                               const ManifestTable& table) {
  return std::make_unique<ArchiveLines>(*members_, shared, number, table);
}

}  // namespace company_backup
