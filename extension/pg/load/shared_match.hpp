// Finds the rows of this database that stand for the shared rows and people of an archive.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/text/key_map.hpp"
#include "pg/load/shared_matcher.hpp"

namespace company_backup {

// What became of the rows of one shared table.
struct SharedReport {
  TableIndex table;
  bool people;
  struct Substitution {
    std::string theirs, ours;  // keys
    bool is_actor;
  };
  uint64_t rows = 0;
  std::vector<Substitution> substitutions;  // whose key is another one here
  std::vector<std::string> added, missing;  // for messages
};

class SharedMatch {
 public:
  // Reads every shared/ table of the archive. In the archive's own database a row stands for itself
  // (same key); elsewhere the match columns decide, by their own collation. People who are not
  // found become the actor.
  //
  // Errors: kMissingShared, kMissingPerson (DETAIL lists all that are missing or ambiguous),
  // kSchemaDiffers.
  SharedMatch(const LiveScope& live, const Manifest& manifest, RowSource& source,
              const SharedOptions& options);

  // The map of the keys (these columns) of a shared table. Lives as long as this object.
  const KeyMap& keys(TableIndex table, const std::vector<int16_t>& columns);

  // A shared table of the archive; null if it has no rows of it.
  const SharedRows* rows_of(TableIndex table) const;
  // Of a preview: is one of its rows missing here, and named in report()?
  bool misses(TableIndex table) const;

  std::vector<SharedReport> report() const;

  // Do several rows of the archive stand for the same row here? By table.
  const std::set<TableIndex>& collapsed() const { return collapsed_; }

 private:
  void refuse_missing() const;

  const LiveScope& live_;
  SharedOptions options_;
  SharedTables matches_;
  std::set<TableIndex> collapsed_;
  std::map<std::pair<TableIndex, std::vector<int16_t>>, std::unique_ptr<ListedKeys>> maps_;
};

}  // namespace company_backup
