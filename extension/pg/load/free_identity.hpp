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
  bool same_database = false;  // it comes back to where it was
  bool adopts = false;         // rows that it may adopt are no others' (adoptable.hpp)
};

// A value is taken if a row with it would clash with rows here in a unique index or an exclusion
// constraint, as a whole. Of columns that none is on, what rows here have is taken, but not if the
// company comes back. As far as the active snapshot sees: the index has the last word. Reads the
// archive's rows of such tables. Error kSchemaDiffers: see match_archive().
MovedIdentity free_identity(const LiveScope& live, const Manifest& manifest, RowSource& source,
                            const IdentityWay& way);

}  // namespace company_backup
