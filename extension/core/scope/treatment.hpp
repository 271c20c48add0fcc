// What rules say of tables, columns and references. Written with to_text(), read as
// core/text/words.hpp says.
#pragma once

namespace company_backup {

enum class TableTreatment {
  kCompany,     // its rows travel
  kAppendOnly,  // they travel; a restore adds rows, and neither changes nor removes any
  kExcluded,    // they belong to companies, but do not travel
  kShared,      // they belong to no company
  kPeople,      // nor do these: whoever cannot be found again becomes the actor
  kGlobal,      // nor do these, and no row that travels refers to them
};

enum class ColumnTreatment {
  kData,
  kSecret,    // never travels
  kIdentity,  // stays with its company
  kCounter,   // never goes back
  kFile,      // travels on request
  kRenew,     // a copy gets values of its own, by an expression
  kGroup,     // numbers that rows share and no table keeps: a copy gets its own
  kPath,      // texts made of IDs, see core/scope/path_rules.hpp
};

// What becomes of a reference to another company's row.
enum class OutsidePolicy { kRefuse, kKeep, kNull };

// Does a copy get other values in such a column?
bool gives_new_values(ColumnTreatment treatment);

// What a rule of its own says of a column that a rule of this treatment, for all tables, cannot be
// for because a foreign key is on it.
ColumnTreatment beside_key(ColumnTreatment treatment);

const char* to_text(TableTreatment treatment);
const char* to_text(ColumnTreatment treatment);
const char* to_text(OutsidePolicy policy);

}  // namespace company_backup
