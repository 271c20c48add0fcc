// Finds how the structure of an archive differs from that of the database it comes to, without a
// look at its rows.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/archive/schema_drift.hpp"

namespace company_backup {

// What manifests say of tables, and the schema does not.
struct StructureFacts {
  std::map<std::pair<TableIndex, int16_t>, std::vector<std::string>> labels;  // of enums
  std::map<TableIndex, std::vector<ManifestConstraint>> constraints;
};

// `functions_schema`: for statements. `thorough`: columns of which the archive does not say whether
// they could be NULL are doubtful, too. The result has pointers into all but `facts`.
SchemaDrift find_drift(const Manifest& archive, const Schema& schema, const Rules& rules,
                       const Scope& scope, const StructureFacts& facts,
                       const std::string& functions_schema, bool thorough);

}  // namespace company_backup
