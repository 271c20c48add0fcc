// Where the members of a backup go.
#pragma once

#include <string_view>

#include "core/archive/archive_files.hpp"

namespace company_backup {

// Takes the members of a backup as they are made: for each table, in order, from 0.
class ChunkSink {
 public:
  virtual ~ChunkSink() = default;
  virtual void put(bool shared, int table_number, int seq, std::string_view member) = 0;
  // A member of a file, between the members of its table. Each file comes once.
  virtual void put_file(const FileEntry& file, int seq, std::string_view member) = 0;
};

class AskedCompany;

}  // namespace company_backup
