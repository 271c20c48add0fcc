// Which companies use rows that nothing leads from to one.
#pragma once

#include <map>

#include "core/scope/evidence.hpp"
#include "pg/check/table_reader.hpp"

namespace company_backup {

// By rows whose company is proved. What cannot be read says nothing.
std::map<TableIndex, UseEvidence> gather_uses(const Schema& schema, const Rules& rules,
                                              TableReader& reader, const Evidence& evidence);

}  // namespace company_backup
