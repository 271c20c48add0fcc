// Taking a backup: one snapshot, one pass over every table, bounded memory.
#pragma once

#include <string>
#include <string_view>

#include "core/archive_files.hpp"
#include "core/manifest.hpp"
#include "pg/company_scope.hpp"

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

struct BackupOptions {
  Text label;
  Text actor;
  bool include_files = false;
  bool record_problems = false;
};

// Reads the company and gives its rows to `sink`; the manifest it returns completes the backup.
// Errors: kUndecided, kBadReference, kRowTooLarge, kRowSecurity, kStaleSnapshot, and PostgreSQL's.
Manifest take_backup(LiveScope live, const AskedCompany& asked, const BackupOptions& options,
                     ChunkSink& sink);

}  // namespace company_backup
