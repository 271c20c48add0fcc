// Columns treated as "identity" of a company that moves: what of them goes along.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/archive/archive_match.hpp"
#include "pg/rows/row_source.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// By column: values of the archive that rows here have, in PostgreSQL's text form.
using TakenIdentity = std::map<std::pair<TableIndex, int16_t>, std::set<std::string>>;

struct MovedIdentity {
  MovedColumns moved;   // these come along, but for values that are taken
  MovedColumns left;    // these do not, also where the company comes back to where it was
  TakenIdentity taken;  // of both
};

// How the company comes.
struct IdentityWay {
  bool same_company = false;  // it comes back, with its own IDs: references come along, too
  bool adopts = false;        // rows that it may adopt are no others' (adoptable.hpp)
};

// What rows here have is taken; but not where it only has to be unique within a company. As far as
// the active snapshot sees: the unique index has the last word. Reads the archive's rows of such
// tables. Error kSchemaDiffers: see match_archive().
MovedIdentity free_identity(const LiveScope& live, const Manifest& manifest, RowSource& source,
                            const IdentityWay& way);

}  // namespace company_backup
