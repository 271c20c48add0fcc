// Conditions that rows of a table must meet when they are restored, beside those of the table
// itself: what set_row_check() says.
#pragma once

#include <string>

#include "core/scope/schema.hpp"
#include "pg/base/postgres.hpp"

namespace company_backup {

// The condition over a row of the relation, as its columns are called there. Inside guarded() only,
// as the owner of the code on it. Errors of the parser; as in a CHECK, no queries.
Node* cook_row_check(Relation relation, const char* condition);

// Could it be one of the table? Error kBadRule.
void require_row_check(Oid table, const std::string& condition);

// Error kForeignCode unless the role that set this condition for the table may act as its owner, as
// whom it is evaluated.
void require_own_row_check(const Table& table, const std::string& condition);

}  // namespace company_backup
