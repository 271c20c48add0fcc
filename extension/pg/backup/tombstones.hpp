// Rows that were erased for good: whoever brings back rows of an older backup leaves them out. What
// is kept of a row is a keyed hash of its key.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/text/row_line.hpp"
#include "pg/backup/stored_backup.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Hashes of keys, under a key of their own that is dumped with them.
class KeyHash {
 public:
  // Makes the key if there is none yet, or (`make`: false) gives every row the same hash.
  explicit KeyHash(bool make);

  // Of a comparable_key() (pg/rows/key_lookup.hpp).
  std::string of(const std::vector<std::string>& key) const;

 private:
  std::string key_;
};

class Tombstones {
 public:
  // Of rows that were erased since the backup was made, whatever this transaction sees. Error
  // kSchemaDiffers if it cannot be told any more which they are.
  Tombstones(const LiveScope& live, const StoredBackup& backup, const Manifest& manifest);

  // The same of rows that have the keys of this database, whatever the backup is of: of what its
  // rows became here.
  Tombstones(const LiveScope& live, const Manifest& manifest);

  bool empty() const { return tables_.empty(); }
  bool any_of(TableIndex table) const { return tables_.contains(table); }

  bool has(TableIndex table, const std::vector<const Column*>& columns,
           const std::vector<RowValue>& values) const;

 private:
  // Tombstones, as they are stored, that a backup is asked for.
  struct Asked {
    bool of_this_database;
    std::optional<int64_t> owner;        // of the backup; none: not known
    const Manifest* archived = nullptr;  // whose columns it has; null: those of today
  };
  void read(const LiveScope& live, const Manifest& manifest, const Asked& asked);

  struct Erased {
    std::vector<int16_t> columns;
    std::unordered_set<std::string> hashes;
  };

  std::optional<KeyHash> hash_;
  std::map<TableIndex, std::vector<Erased>> tables_;
};

// Who erased it, and why.
struct Erasure {
  std::optional<int64_t> company;  // its identity; none: nobody knows whose row it was
  Text actor, reason;
};

// What a row is known by: the columns of a unique key, and its comparable_key().
struct RowKey {
  std::vector<int16_t> columns;
  std::vector<std::string> key;
};

// `keys`: of the row. A backup that lacks columns of the first is asked for the next one. Also for
// archives of the databases that the company came from.
void leave_tombstone(const Table& table, const std::vector<RowKey>& keys, const Erasure& erasure);

// Only for archives of this database.
void leave_tombstone_of_origin(const Table& table, const RowKey& key, const Erasure& erasure,
                               const std::string& database);

}  // namespace company_backup
