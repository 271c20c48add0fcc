// Several people of an archive can be one person here, and so can shared rows: rows that name them
// may then have the same unique key.
#pragma once

#include <string>
#include <vector>

#include "pg/load/matched_archive.hpp"

namespace company_backup {

// Two rows of the archive that would have the same key.
struct CollapsedKey {
  TableIndex table;
  std::string text;  // for messages: rows (1) and (3) would both have ...
};

// The first of them. To be asked before rows get new IDs.
std::vector<CollapsedKey> find_collapsed_keys(MatchedArchive& load);

}  // namespace company_backup
