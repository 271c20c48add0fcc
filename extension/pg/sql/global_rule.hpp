// What set_table_rule() and set_reference() refuse of tables that are global: they belong to no
// company, and no row that travels refers to them.
#pragma once

#include <string>
#include <vector>

#include "core/scope/schema.hpp"
#include "pg/sql/named_table.hpp"

namespace company_backup {

// Error kInvalidParameter: the rule of a global table has neither of these.
void require_no_names(const std::vector<std::string>& match_columns,
                      const std::vector<std::string>& route);

// Error kGlobalTable if rows that travel, as the rules are now, refer to the table. While no scope
// can be found, check_company_scope() has to tell.
void require_not_referred_to(const NamedTable& table);

// Error kGlobalTable if the target of the rule is global, and rows that travel have its columns.
void refuse_global_target(const ReferenceRule& rule);

}  // namespace company_backup
