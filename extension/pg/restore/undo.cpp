#include "pg/restore/undo.hpp"

#include "core/archive/manifest.hpp"
#include "core/text/member.hpp"
#include "pg/base/server_text.hpp"
#include "pg/base/spi.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {

UndoWriter::Stream::Stream(const UndoWriter& writer, UndoPart part)
    : sink([this, &writer, part](std::string_view member) {
        writer.store(part, table, seq++, member);
      }),
      lines([this](std::string_view piece) { put(piece); }) {}

void UndoWriter::Stream::put(std::string_view piece) {
  std::string_view member;
  if (archive != nullptr) member = archive->member_of(piece);
  if (member.empty()) {
    pipeline.push(piece, sink);
  } else {
    pipeline.pass(member, sink);
  }
}

LineTotals UndoWriter::Stream::finish() {
  const LineTotals totals = lines.finish();
  pipeline.drain(sink);
  archive = nullptr;
  return totals;
}

void UndoWriter::begin_table(int number) {
  for (Stream* stream : {&before_, &changes_, &ids_, &orphans_, &selected_}) {
    stream->table = number;
    stream->seq = 0;
  }
}

LineTotals UndoWriter::end_table() {
  changes_.finish();
  ids_.finish();
  orphans_.finish();
  selected_.finish();
  return before_.finish();
}

void UndoWriter::store(UndoPart part, int table, int seq, std::string_view member) const {
  own_query("INSERT INTO company_backup.undo_chunk VALUES ($1, $2, $3, $4, $5)",
            {restore_, static_cast<int>(part), table, seq, Arg::bytea(member)}, Access::kWrite);
}

void UndoWriter::complete(const Manifest& manifest) {
  outside_.finish();
  own_query("INSERT INTO company_backup.undo VALUES ($1, $2, $3::bigint[])",
            {restore_, storable_json(manifest.to_readable_json()), remember_tables(manifest)},
            Access::kWrite);
}

Manifest undo_manifest(int64_t restore) {
  const Rows rows = own_query("SELECT manifest FROM company_backup.undo WHERE restore = $1",
                              {restore}, Access::kCall);
  if (rows.empty()) {
    throw Error(sqlstate::kUnknownBackup,
                "restore " + std::to_string(restore) + " has no undo record");
  }
  return Manifest::from_json(*rows[0][0]);
}

std::unique_ptr<MemberSource> undo_members(int64_t restore, UndoPart part) {
  return members_of(
      "SELECT data FROM company_backup.undo_chunk WHERE restore = $1 AND part = $5 AND "
      "table_number = $3 AND seq >= $4 AND NOT $2 ORDER BY seq LIMIT 16",
      restore, {Arg(static_cast<int>(part))});
}

bool UndoLines::next(std::string_view& line) {
  while (!lines_.next(line)) {
    if (!members_.next(member_)) return false;
    inflate_member(member_, kMaxPieceSize, piece_);
    lines_.feed(piece_);
  }
  return true;
}

void forget_undo(int64_t restore) {
  own_query("DELETE FROM company_backup.undo_chunk WHERE restore = $1", {restore}, Access::kWrite);
  own_query("DELETE FROM company_backup.undo WHERE restore = $1", {restore}, Access::kWrite);
}

}  // namespace company_backup
