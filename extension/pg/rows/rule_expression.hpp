// Expressions that rules give: of set_column_rule(), set_column_default() and set_row_check().
#pragma once

#include <string>

#include "core/scope/schema.hpp"
#include "pg/base/postgres.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

// One expression as the parser has it; inside guarded() only. Error 42601 for anything else.
Node* parse_expression(const char* expression);

// Rules go by names, and tables change owners: a rule set for one table may apply to another by
// now. Whoever set it is known by the OID of the role; in a database restored from a dump by its
// name, as owners of tables are. Error kForeignCode unless he may act as the owner of the table, as
// whom the expression is evaluated. `rule`: none, or the name of the role that counts and the name
// that was noted; `what`: for messages.
void require_said_by_owner(const Table& table, const Rows& rule, const std::string& what);

}  // namespace company_backup
