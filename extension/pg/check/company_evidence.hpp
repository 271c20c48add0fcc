// Whether values lead to rows of the same company as the rows that have them.
#pragma once

#include "core/scope/evidence.hpp"
#include "pg/check/table_reader.hpp"

namespace company_backup {

// Adds to each match what is known of its companies. By rows whose company is proved; what cannot
// be read says nothing.
void compare_companies(const Schema& schema, const Rules& rules, TableReader& reader,
                       Evidence& evidence);

// Are there several companies, as far as they can be read?
bool has_companies(TableReader& reader, TableIndex company);

}  // namespace company_backup
