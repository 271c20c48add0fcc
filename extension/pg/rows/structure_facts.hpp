// What manifests say of the structure of tables so that it can be compared later.
#pragma once

#include "core/archive/drift_finder.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

StructureFacts structure_facts(const LiveScope& live);

// Adds them to the tables of a manifest that is made here.
void add_structure(const LiveScope& live, Manifest& manifest);

}  // namespace company_backup
