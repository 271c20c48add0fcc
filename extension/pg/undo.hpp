// The undo record of a restore: every row the company had, complete, and what the restore made of
// them. Reached by nobody but this code; gone when the restore is kept or reverted.
#pragma once

#include <memory>
#include <string>

#include "core/line_cutter.hpp"
#include "core/manifest.hpp"
#include "pg/archive_source.hpp"
#include "pg/member_pipeline.hpp"

namespace company_backup {

// Parts of an undo record.
enum class UndoPart : int {
  kBefore = 0,   // the company's rows, table by table
  kChanges = 1,  // what the restore did to them: see pg/change_log.hpp
  kOutside = 2,  // rows outside the company that followed: see pg/outside_rows.hpp
};

class UndoWriter {
 public:
  explicit UndoWriter(int64_t restore) : restore_(restore) {}

  // Begins a table; its lines go to before() and changes(), and end with end_table().
  void begin_table(int number);
  LineCutter& before() { return before_; }
  LineCutter& changes() { return changes_; }
  LineTotals end_table();

  LineCutter& outside() { return outside_; }

  // Completes the record. `manifest` says what the tables are.
  void complete(const Manifest& manifest);

 private:
  void store(UndoPart part, int table, int seq, std::string_view member) const;
  LineCutter compressed(UndoPart part, int& seq);

  int64_t restore_;
  int table_ = 0;
  int before_seq_ = 0, changes_seq_ = 0, outside_seq_ = 0;
  MemberPipeline pipeline_;
  MemberCompressor compressor_;
  std::string member_;
  MemberPipeline::Sink before_sink_ = [this](std::string_view member) {
    store(UndoPart::kBefore, table_, before_seq_++, member);
  };
  LineCutter before_{[this](std::string_view piece) { pipeline_.push(piece, before_sink_); }};
  LineCutter changes_ = compressed(UndoPart::kChanges, changes_seq_);
  LineCutter outside_ = compressed(UndoPart::kOutside, outside_seq_);
};

// Error kUnknownBackup if there is none (any more).
Manifest undo_manifest(int64_t restore);

// Its members; `open(false, number)` begins a table.
std::unique_ptr<MemberSource> undo_members(int64_t restore, UndoPart part);

void forget_undo(int64_t restore);

}  // namespace company_backup
