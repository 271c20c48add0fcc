// A backup as the bytes of its .tar.gz, piece by piece: from stored chunks, or from a spool.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/archive/archive_layout.hpp"
#include "core/archive/archive_writer.hpp"
#include "core/archive/manifest.hpp"
#include "pg/backup/backup.hpp"
#include "pg/base/file_spool.hpp"

namespace company_backup {

// Members of the tables and files of a backup, in archive order: shared tables first, files last.
class MemberSource {
 public:
  virtual ~MemberSource() = default;
  // Begins a table; its members follow.
  virtual void open(bool shared, int table_number) = 0;
  // Begins the next file, of the first table's first column at first; its members follow. False:
  // there are no more.
  virtual bool next_file(FileEntry& file) = 0;
  // False: the table or file has no more members.
  virtual bool next(std::string& member) = 0;
  // Gives back what the server holds for it; not called after an error, when the server does so.
  virtual void close() {}
};

std::unique_ptr<MemberSource> stored_members(int64_t backup);

// The same from another table of the extension: `sql` gives up to 16 members of $1 (id), $2
// (shared), $3 (table number) from $4 (seq) on, by seq; $5 and further are `more`, by value.
std::unique_ptr<MemberSource> members_of(const char* sql, int64_t id, std::vector<Arg> more);

// Keeps members in temporary files of the server, in the order of their making.
class Spool : public ChunkSink, public MemberSource {
 public:
  explicit Spool(bool with_files);
  void put(bool shared, int table_number, int seq, std::string_view member) override;
  void put_file(const FileEntry& file, int seq, std::string_view member) override;
  void open(bool shared, int table_number) override;
  bool next_file(FileEntry& file) override;
  bool next(std::string& member) override;
  void close() override;

 private:
  Tuplestorestate* stores_[2];  // of tables, of shared tables; freed with their memory context
  TupleTableSlot* slots_[2];
  bool pending_[2] = {false, false};  // the slot holds a row of a later table
  bool shared_ = false;
  int table_number_ = 0;
  std::optional<FileSpool> files_;
  bool in_files_ = false;
};

class ArchiveBytes {
 public:
  // Signed with this database's key.
  ArchiveBytes(Manifest manifest, std::string manifest_text, std::unique_ptr<MemberSource> source);

  // Replaces `bytea` by the next piece, of about 128 KiB, with the header of a varlena before it,
  // so that it is a Datum without another copy; false at the end.
  bool next(std::string& bytea);
  void close() { source_->close(); }

 private:
  void advance();
  void begin_entry();
  void write_sums();

  Manifest manifest_;
  std::string manifest_text_;
  std::vector<ArchiveEntry> entries_;
  std::unique_ptr<MemberSource> source_;
  FileSequence files_;
  std::string pending_;
  ArchiveWriter writer_;
  size_t entry_ = 0;  // the next to begin; 0 is the manifest
  bool inside_ = false;
  std::optional<SumsLines> sums_;  // once all entries and files are written
  bool finished_ = false;
};

}  // namespace company_backup
