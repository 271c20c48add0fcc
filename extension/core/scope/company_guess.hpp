// Which table has one row for each company: guessed from names and foreign keys, while nobody has
// said it.
#pragma once

#include <string>
#include <vector>

#include "core/scope/discovery.hpp"

namespace company_backup {

// The statement that sets the company table, and, as comments, those that set other candidates;
// nothing if no table could be it.
std::vector<Proposal> propose_company_table(const Schema& schema,
                                            const std::string& functions_schema);

// The company table is set, but nothing leads to it: what scope_columns would help?
std::vector<Proposal> propose_scope_columns(const Schema& schema, TableIndex company,
                                            const Settings& settings,
                                            const std::string& functions_schema);

}  // namespace company_backup
