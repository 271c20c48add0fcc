// Finds the rows of this database that stand for the shared rows and people of an archive.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/row_mapper.hpp"
#include "pg/archive_source.hpp"
#include "pg/company_scope.hpp"

namespace company_backup {

class SharedMatch {
 public:
  // Reads every shared/ table of the archive. In the archive's own database a row stands for itself
  // (same key); elsewhere the match columns decide. People who are not found become `actor` (a key
  // of the people's table), if there is one.
  //
  // Errors: kMissingShared, kMissingPerson (DETAIL lists all that are missing or ambiguous),
  // kSchemaDiffers.
  SharedMatch(const LiveScope& live, const Manifest& manifest, MemberSource& source,
              bool same_database, const Text& actor);
  ~SharedMatch();

  // The map of the keys (these columns) of a shared table. Lives as long as this object.
  const KeyMap& keys(TableIndex table, const std::vector<int16_t>& columns);

  struct Match;

 private:
  void refuse_missing() const;

  const LiveScope& live_;
  bool same_database_;
  std::vector<std::unique_ptr<Match>> matches_;
  std::map<std::pair<TableIndex, std::vector<int16_t>>, std::unique_ptr<ListedKeys>> maps_;
};

}  // namespace company_backup
