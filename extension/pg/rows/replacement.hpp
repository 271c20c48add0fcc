// Expressions of column rules: what a value becomes when its row is copied into another company.
#pragma once

#include <string>
#include <vector>

#include "core/scope/schema.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

// Keys of the company that the rows come from, and of the one they go to; text forms.
struct CompanyChange {
  Text from, to;
};

// An expression may name: old, the value there was, of the column's base type; old_company and
// new_company, texts. Other names need their schema.

// Error kBadRule unless it is an expression that can be evaluated. Nothing is evaluated.
void require_renewal(Oid table, const std::string& column, const std::string& expression);

// What the values become, one by one, as the table's owner. Error kIntegrity if one becomes NULL.
std::vector<std::string> replace_values(const Table& table, const Column& column,
                                        const std::string& expression,
                                        const std::vector<std::string>& values,
                                        const CompanyChange& change);

}  // namespace company_backup
