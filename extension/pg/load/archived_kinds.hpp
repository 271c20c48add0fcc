// What a rule's kind is in the rows of an archive. A kind that is itself the key of a shared row
// (of a table of content types) has another value in another database: there it is the key of the
// row that stands for it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "core/ids/row_mapper.hpp"
#include "pg/load/shared_match.hpp"
#include "pg/rows/row_source.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class ArchivedKinds {
 public:
  // All references must outlive it.
  ArchivedKinds(const LiveScope& live, const Manifest& manifest, RowSource& source,
                const SharedMatch& shared, bool same_database)
      : live_(live),
        manifest_(manifest),
        source_(source),
        shared_(shared),
        same_database_(same_database) {}

  // Of a reference with a kind: which rows of the archive it is meant for. Nothing: none. Reads the
  // table if the rules here and there differ.
  //
  // Error kSchemaDiffers if that is not clear: the kind is the key of a row that is not shared and
  // has another key in another database; two kinds of the archive are the same one here; or a kind
  // of the archive's rows means another table here than there, or a table in only one of them.
  std::optional<RowMapper::When> of(const MatchedTable& table, const Reference& reference);

 private:
  struct Target {
    std::string table;  // encode_table_name()
    std::vector<std::string> columns;
    bool operator==(const Target&) const = default;
  };
  // By the kind's text in the archive.
  using Meanings = std::map<std::string, Target>;
  using Keys = std::map<std::string, std::string>;  // here -> there

  const Reference* key_reference(const Reference& reference, const Column& kind) const;
  [[noreturn]] void refuse(const Reference& reference, const Column& kind,
                           const Reference& key) const;
  const Keys& archived_keys(const Reference& key, const Reference& reference);
  static const Target* find(const Meanings& meanings, const std::string& kind);
  Meanings meanings_there(const MatchedTable& table, const Reference& reference, bool padded) const;
  Meanings meanings_here(const Reference& reference, bool padded, const Keys& keys);
  std::set<std::string> kinds_of_rows(const MatchedTable& table, const Reference& reference,
                                      size_t kind, bool padded) const;
  void require_same_meaning(const MatchedTable& table, const Reference& reference,
                            const Column& kind, const Reference& key);

  const LiveScope& live_;
  const Manifest& manifest_;
  RowSource& source_;
  const SharedMatch& shared_;
  const bool same_database_;
  std::map<std::pair<TableIndex, int16_t>, Keys> keys_;  // of a column of a shared table
  std::set<const Reference*> compared_;                  // what they mean
};

}  // namespace company_backup
