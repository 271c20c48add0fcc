// What becomes of the references in an archive's rows on their way to a company: which map gives
// each the key that it has here, and which become NULL.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "core/ids/row_mapper.hpp"
#include "core/scope/column_roots.hpp"
#include "pg/check/row_origin.hpp"
#include "pg/load/archived_kinds.hpp"
#include "pg/load/id_maps.hpp"
#include "pg/load/outside_references.hpp"
#include "pg/load/shared_match.hpp"
#include "pg/rows/row_source.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class ReferenceMaps {
 public:
  // All references must outlive it.
  ReferenceMaps(const LiveScope& live, const Manifest& manifest, RowSource& source,
                SharedMatch& shared, const RowOrigin& origin)
      : live_(live),
        source_(source),
        shared_(shared),
        origin_(origin),
        kinds_(live, manifest, source, shared, origin.same_database),
        roots_(live.schema, live.scope) {}

  // What a column of the company's row holds in the archive, and here.
  void set_company_key(int16_t column, const Text& archived, const Text& here);

  // Rows get new IDs from here on; null: they keep them.
  void set_new_ids(const IdMaps* ids) { new_ids_ = ids; }

  // Decides what becomes of references to other companies; without it they stay as they are.
  void settle_outside(const std::vector<MatchedTable>& tables, const Company* target);
  // After that; null before.
  const OutsideReferences* outside() const { return outside_ ? &*outside_ : nullptr; }

  const ColumnRoots& roots() const { return roots_; }

  // The maps for the rows of a table. May read its rows. Errors: kInternal if a key of the
  // company's row was not set; those of ArchivedKinds.
  RowMapper mapper(const MatchedTable& table);

  // What becomes of the value of such a column of the company's row. Error kInternal if not set.
  const KeyMap& company_keys(int16_t column) const;

 private:
  void add_reference(RowMapper& mapper, const MatchedTable& table, const Reference& reference);
  void drop_outside(RowMapper& mapper, const MatchedTable& table, const Reference& reference,
                    const std::vector<size_t>& positions,
                    const std::optional<RowMapper::When>& when);
  bool is_left_behind(const Reference& reference, const ScopedTable& target) const;
  std::vector<size_t> clearable(const MatchedTable& table, const Reference& reference) const;
  void leave_behind(RowMapper& mapper, const MatchedTable& table, const Reference& reference,
                    const std::vector<size_t>& positions,
                    const std::optional<RowMapper::When>& when) const;
  bool comes_back(const Reference& reference, const ScopedTable& target) const;
  const KeyMap& gone_keys(const MatchedTable& table, const Reference& reference,
                          const std::vector<size_t>& positions);
  std::vector<const KeyMap*> maps_of(TableIndex table, int16_t column);

  const LiveScope& live_;
  RowSource& source_;
  SharedMatch& shared_;
  const RowOrigin origin_;
  ArchivedKinds kinds_;
  const ColumnRoots roots_;
  std::optional<OutsideReferences> outside_;
  const IdMaps* new_ids_ = nullptr;
  std::map<int16_t, std::unique_ptr<ListedKeys>> company_maps_;
  std::map<const Reference*, std::unique_ptr<ListedKeys>> gone_;
  std::map<const Reference*, std::unique_ptr<DroppedKeys>> dropped_;  // from documents
};

}  // namespace company_backup
