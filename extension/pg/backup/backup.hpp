// Taking a backup: one snapshot, one pass over every table, bounded memory.
#pragma once

#include <string>

#include "core/archive/manifest.hpp"
#include "pg/backup/chunk_sink.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

struct BackupOptions {
  Text label;
  Text actor;
  bool include_files = false;
  bool record_problems = false;
};

// Reads the company under the active snapshot of an operation that has its tables, and gives its
// rows to `sink`; the manifest it returns completes the backup. Errors as below.
Manifest back_up(const LiveScope& live, const Company& company, const BackupOptions& options,
                 ChunkSink& sink);

// Reads the company and gives its rows to `sink`; the manifest it returns completes the backup.
// Errors: kUndecided, kBadReference, kRowTooLarge, kRowSecurity, kStaleSnapshot, and PostgreSQL's.
Manifest take_backup(LiveScope live, const AskedCompany& asked, const BackupOptions& options,
                     ChunkSink& sink);

}  // namespace company_backup
