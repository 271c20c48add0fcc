// Finds the rows of this database that stand for the shared rows and people of an archive.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/text/key_map.hpp"
#include "pg/rows/row_source.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

struct SharedOptions {
  bool same_database = false;
  // The company the rows go to, if it exists already and is not the archive's own: people who are
  // not members of it are looked for like people of another database.
  const Company* other_company = nullptr;
  Text actor;                // takes the place of people who are not found
  bool add_missing = false;  // shared rows (not people) that are missing are added
  bool preview = false;      // nothing is added, and what is missing is no error
};

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
  ~SharedMatch();

  // The map of the keys (these columns) of a shared table. Lives as long as this object.
  const KeyMap& keys(TableIndex table, const std::vector<int16_t>& columns);

  std::vector<SharedReport> report() const;

  // Do several rows of the archive stand for the same row here? By table.
  const std::set<TableIndex>& collapsed() const { return collapsed_; }

  struct Match;

 private:
  void refuse_missing() const;

  const LiveScope& live_;
  SharedOptions options_;
  std::vector<std::unique_ptr<Match>> matches_;
  std::set<TableIndex> collapsed_;
  std::map<std::pair<TableIndex, std::vector<int16_t>>, std::unique_ptr<ListedKeys>> maps_;
};

}  // namespace company_backup
