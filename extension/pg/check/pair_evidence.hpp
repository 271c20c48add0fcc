// What values of several columns together are keys of.
#pragma once

#include <vector>

#include "core/scope/evidence.hpp"
#include "pg/check/table_reader.hpp"

namespace company_backup {

std::vector<PairEvidence> gather_pairs(const Schema& schema, TableReader& reader);

}  // namespace company_backup
