// The rows of a company on their way into a copy of it, as the server keeps rows: in a temporary
// file, long values as pointers to where they stand in the source's tables.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pg/rows/row_source.hpp"
#include "pg/rows/table_lines.hpp"

namespace company_backup {

class CopiedRows : public RowSource {
 public:
  // Holds the active snapshot until close(), so that what rows point to stays.
  CopiedRows();

  // Adds the rows of a query of table `number` (MatchedTable::number), which comes once. Returns
  // how many there are.
  uint64_t add(size_t number, const TableQuery& query);

  void read(const MatchedTable& table, const std::vector<size_t>& wanted,
            const Visitor& row) override;
  void write(const MatchedTable& table, MappedRowWriter& writer) override;
  ReadBytes bytes_of(const MatchedTable&) const override { return read_base64; }
  std::unique_ptr<LineSource> lines(bool, size_t, const ManifestTable&) override;

  // Gives back what the server holds for it; after an error the server does so.
  void close();

 private:
  struct Piece {
    int file;
    off_t offset;
    size_t size;
  };
  struct Rows {
    TupleDesc form = nullptr;
    std::vector<Piece> pieces;
  };
  struct Receiver;

  static bool receive(TupleTableSlot* slot, DestReceiver* destination);
  void write(Rows& rows);
  void read_piece(const Piece& piece, std::string& bytes);
  void each(size_t number, const std::function<void(TupleTableSlot*)>& row);

  MemoryContext memory_;
  BufFile* file_;
  Snapshot snapshot_;
  std::map<size_t, Rows> tables_;
  std::string waiting_;  // rows of the last table that are not in the file yet
};

}  // namespace company_backup
