// Columns treated as "identity" that a company takes along to where it moves.
#pragma once

#include "core/archive/archive_match.hpp"
#include "pg/rows/row_source.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Those of which no row here has a value that the archive has, or that only have to be unique
// within a company. What refers to other rows is none. As far as the active snapshot sees: the
// unique index has the last word. Reads the archive's rows of such tables.
// Error kSchemaDiffers: see match_archive().
MovedColumns free_identity(const LiveScope& live, const Manifest& manifest, RowSource& source);

}  // namespace company_backup
