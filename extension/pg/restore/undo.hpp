// The undo record of a restore: every row the company had, complete, and what the restore made of
// them. Reached by nobody but this code; gone when the restore is kept or reverted.
#pragma once

#include <memory>
#include <string>

#include "core/archive/manifest.hpp"
#include "core/merge/row_merge.hpp"
#include "core/scope/schema.hpp"
#include "core/text/line_cutter.hpp"
#include "pg/backup/archive_source.hpp"
#include "pg/base/piece_pipeline.hpp"

namespace company_backup {

// Parts of an undo record.
enum class UndoPart : int {
  kBefore = 0,    // the company's rows, table by table
  kChanges = 1,   // what the restore did to them: see core/merge/change_log.hpp; of a changed
                  // keyless table: an empty line, then all rows that it left there
  kOutside = 2,   // rows outside the company that followed: see pg/restore/outside_rows.hpp
  kIds = 3,       // which rows got new keys: see pg/restore/id_record.hpp
  kOrphans = 4,   // those of kBefore that belonged to nobody: see pg/restore/orphans.hpp
  kSelected = 5,  // which rows the record is about, if not all: see pg/restore/selection_record.hpp
};

class UndoWriter {
 public:
  explicit UndoWriter(int64_t restore) : restore_(restore) {}

  // Begins a table; its lines go to the next five, and end with end_table().
  void begin_table(int number);
  // Pieces of before() that stand in the archive as well are taken from there, compressed as they
  // are. It must live until end_table().
  void take_pieces_from(const LineSource& archive) { before_.archive = &archive; }
  LineCutter& before() { return before_.lines; }
  LineCutter& changes() { return changes_.lines; }
  LineCutter& ids() { return ids_.lines; }
  LineCutter& orphans() { return orphans_.lines; }
  LineCutter& selected() { return selected_.lines; }
  LineTotals end_table();

  LineCutter& outside() { return outside_.lines; }

  // Completes the record. `manifest` says what the tables are.
  void complete(const Manifest& manifest, const Schema& schema);

 private:
  void store(UndoPart part, int table, int seq, std::string_view member) const;
  int64_t restore_;
  // The lines of one part on their way into the record.
  struct Stream {
    Stream(const UndoWriter& writer, UndoPart part);
    LineTotals finish();

    void put(std::string_view piece);

    int table = 0, seq = 0;
    const LineSource* archive = nullptr;
    PiecePipeline pipeline{compress_pieces()};
    PiecePipeline::Sink sink;
    LineCutter lines;
  };
  Stream before_{*this, UndoPart::kBefore};
  Stream changes_{*this, UndoPart::kChanges};
  Stream outside_{*this, UndoPart::kOutside};
  Stream ids_{*this, UndoPart::kIds};
  Stream orphans_{*this, UndoPart::kOrphans};
  Stream selected_{*this, UndoPart::kSelected};
};

// Error kUnknownBackup if there is none (any more).
Manifest undo_manifest(int64_t restore);

// What the record's tables and columns are called by now, as rules that say so. Error kSchemaDiffers
// if one has another one's former name, or if a column is not generated any more.
struct RecordedNames {
  bool are_known;  // not after a dump and a reload
  std::vector<TableRename> tables = {};
  std::vector<ColumnRename> columns = {};
};
RecordedNames renamed_since(int64_t restore, const Manifest& record, const Schema& schema);

// Its members; `open(false, number)` begins a table.
std::unique_ptr<MemberSource> undo_members(int64_t restore, UndoPart part);

// The lines of one table of the parts that have no totals of their own. `members` must outlive it.
class UndoLines : public LineSource {
 public:
  UndoLines(MemberSource& members, int table_number) : members_(members) {
    members_.open(false, table_number);
  }
  bool next(std::string_view& line) override;

 private:
  MemberSource& members_;
  LineSplitter lines_;
  std::string member_, piece_;
};

void forget_undo(int64_t restore);

}  // namespace company_backup
