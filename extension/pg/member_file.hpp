// The rows of a copy of a company, piece by piece as they are (BackupOptions::raw_members), in a
// temporary file of the server: read as often as wanted, table by table.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pg/archive_source.hpp"

namespace company_backup {

// Files stand in their rows: put_file() is never called.
class MemberFile : public ChunkSink, public MemberSource {
 public:
  MemberFile();
  void put(bool shared, int table_number, int seq, std::string_view member) override;
  void put_file(const FileEntry& file, int seq, std::string_view member) override;
  void open(bool shared, int table_number) override;
  bool next_file(FileEntry&) override { return false; }
  bool next(std::string& member) override;
  bool is_raw() const override { return true; }
  void close() override;

 private:
  struct Place {
    int file;
    off_t offset;
    size_t size;
  };
  BufFile* file_;  // closed with the transaction after an error
  std::map<std::pair<bool, int>, std::vector<Place>> members_;
  const std::vector<Place>* table_ = nullptr;  // that is open
  size_t next_ = 0;
};

}  // namespace company_backup
