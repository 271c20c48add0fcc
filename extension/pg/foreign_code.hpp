// Code that others put on a foreign table. Local tables are written as their owner, and triggers do
// not fire; a foreign table is read and written by plain SQL as the caller, so that whatever its
// owner hung on it would run with the caller's rights. It is refused instead. Superusers' code is
// trusted, and so is the caller's own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/schema.hpp"

namespace company_backup {

// Error kForeignCode if reading the foreign table would run functions in the checks of its columns'
// types.
void refuse_code_of_types(const Table& table);

// Error kForeignCode if an INSERT of values for these columns (attribute numbers) would fire a
// trigger of the foreign table or evaluate functions in defaults or generated columns. To be
// called under a lock that keeps the table from being altered.
void refuse_code_of_insert(uint32_t table, const std::string& name,
                           const std::vector<int16_t>& columns);

// The same for a DELETE.
void refuse_code_of_delete(uint32_t table, const std::string& name);

}  // namespace company_backup
