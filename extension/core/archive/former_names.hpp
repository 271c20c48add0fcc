// What tables and columns of an archive are called here, by set_table_rename() and
// set_column_rename().
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/scope/schema.hpp"

namespace company_backup {

// For messages: sales.invoice, of a table as manifests write it.
std::string display_entry(const std::string& encoded);

class FormerNames {
 public:
  // Both must outlive it.
  FormerNames(const Manifest& archive, const Rules& rules);

  // What a table is called now; both as manifests write it.
  std::string now(const std::string& table) const { return way_of(table).back(); }

  // What a column of a table of the archive is called now.
  std::string column(const ManifestTable& table, const std::string& column) const;

  // A definition with the names of today, but for columns of other tables. `columns`: of its own.
  std::string renamed(std::string definition,
                      const std::map<std::string, std::string>& columns) const;

 private:
  std::vector<std::string> way_of(const std::string& table) const;

  const Rules& rules_;
  std::set<std::string> tables_;                              // of the archive
  std::vector<std::pair<std::string, std::string>> renames_;  // of them, as they are displayed
};

}  // namespace company_backup
