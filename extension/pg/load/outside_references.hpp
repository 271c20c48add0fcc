// References of an archive that lead to rows of other companies, as their rule lets them
// (set_reference with outside => 'null' or 'keep'): which of them are kept, and which become NULL
// because their rows are not here, or are not meant for this company.
//
// In place, and with 'keep' anywhere in the archive's own database, those whose row exists are
// kept. Elsewhere all become NULL: in another database the same key means somebody else.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/text/key_map.hpp"
#include "pg/load/archived_kinds.hpp"
#include "pg/load/shared_match.hpp"
#include "pg/rows/row_source.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// The way of an archive's rows.
struct OutsideWay {
  bool same_database;
  bool same_company;
  const Company* target;  // null: it does not exist yet
};

class OutsideReferences {
 public:
  // Reads the tables of such references. All must outlive it. Errors: those of ArchivedKinds.
  OutsideReferences(const LiveScope& live, RowSource& source,
                    const std::vector<MatchedTable>& tables, SharedMatch& shared,
                    ArchivedKinds& kinds, const OutsideWay& way);

  // Keys of the reference that are not to be loaded; null: none.
  const KeySet* dropped(const Reference& reference) const;

  // Columns that become NULL with them.
  std::vector<int16_t> cleared(const Reference& reference) const;

  // For the table's row of a preview.
  std::vector<std::string> notes_of(TableIndex table) const;

  // Error kLeftOutside lists the references that cannot be NULL.
  void require_possible() const;

 private:
  struct Dropped {
    KeySet keys;
    uint64_t count = 0;  // references
    std::string first;   // keys, for messages
  };
  class Reader;
  bool is_inside(const Reference& reference) const;

  const LiveScope& live_;
  std::map<const Reference*, Dropped> dropped_;
};

}  // namespace company_backup
