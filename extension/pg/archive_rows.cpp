#include "pg/archive_rows.hpp"

#include "core/line_cutter.hpp"
#include "core/member.hpp"
#include "pg/boundary.hpp"

namespace company_backup {

void read_rows(MemberSource& source, bool shared, size_t table_number, const ManifestTable& table,
               const std::function<void(std::string_view line)>& row) {
  source.open(shared, static_cast<int>(table_number));
  LineSplitter lines;
  Sha256 digest;
  uint64_t rows = 0, bytes = 0;
  std::string member, piece;
  std::string_view line;
  while (source.next(member)) {
    inflate_member(member, kMaxPieceSize, piece);
    digest.update(piece);
    bytes += piece.size();
    lines.feed(piece);
    while (lines.next(line)) {
      ++rows;
      row(line);
    }
    check_for_interrupts();
  }
  lines.finish();
  if (rows == table.rows && bytes == table.bytes && digest.finish() == table.sha256) return;
  throw Error(sqlstate::kDamagedArchive,
              "the stored rows of table \"" + table.name + "\" are not those of the backup")
      .detail("Expected " + std::to_string(table.rows) + " rows in " + std::to_string(table.bytes) +
              " bytes, found " + std::to_string(rows) + " in " + std::to_string(bytes) +
              ", or the same with another digest.");
}

}  // namespace company_backup
