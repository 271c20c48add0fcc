// Code that others put on a foreign table. Local tables are written as their owner, and triggers do
// not fire; a foreign table is read and written by plain SQL, so that whatever its owner hung on it
// would run with the rights of whoever does that. It is refused instead. Superusers' code is
// trusted, and so is the caller's own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

// Error kForeignCode if reading the foreign table, or a foreign partition of the table, would run
// functions in the checks of its columns' types.
void refuse_code_of_types(const Table& table);

// Error kForeignCode if comparing values of the tables, as reading does, could run functions that
// belong neither to a superuser nor to the caller: support functions and operators of the operator
// classes of their indexes and of the types of their columns. Only a superuser can have made these.
void refuse_code_of_operators(const std::vector<uint32_t>& tables);

// Error kForeignCode if an INSERT of values for these columns (attribute numbers) would fire a
// trigger of the foreign table or evaluate functions in defaults or generated columns. To be
// called under a lock that keeps the table from being altered.
void refuse_code_of_insert(uint32_t table, const std::string& name,
                           const std::vector<int16_t>& columns);

// The same for a DELETE.
void refuse_code_of_delete(uint32_t table, const std::string& name);

}  // namespace company_backup
