// Which columns tell of which table the values of another one are keys.
#pragma once

#include "core/scope/evidence.hpp"
#include "pg/check/table_reader.hpp"

namespace company_backup {

// Once more those columns whose values are keys of several tables, by what other columns of the
// row say. Of the keys only those that matched are looked at again.
void tell_kinds(const Schema& schema, const Settings& settings, TableReader& reader,
                Evidence& evidence);

}  // namespace company_backup
