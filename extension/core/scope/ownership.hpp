// The conditions that say whose a row is, as SQL.
#pragma once

#include <string>
#include <string_view>

#include "core/scope/scope.hpp"

namespace company_backup {

// A condition that is true for the rows of `alias` (of `table`) that belong to the company whose
// key is `parameter` ("$1", already of the key column's type). Nested EXISTS for each step; several
// routes are OR-ed. Where that would be very many steps, as in a schema in which many tables refer
// to rows of many kinds, the keys of each table's rows are listed once, by WITH. Throws Error
// kInternal when the table is not owned.
std::string owned_by(const Schema& schema, const Scope& scope, TableIndex table,
                     std::string_view alias, std::string_view parameter);

// The opposite: true for the rows that do not belong to it, written so that the server can join by
// it where there is one route.
std::string not_owned_by(const Schema& schema, const Scope& scope, TableIndex table,
                         std::string_view alias, std::string_view parameter);

// The condition under which a row of a scoped table belongs to no company: all its routes are NULL,
// are for rows of other kinds, or lead to such a row. "false" if that cannot be.
std::string belongs_to_nobody(const Schema& schema, const Scope& scope, TableIndex table,
                              const std::string& alias);

// True for orphans among the rows of `alias`: there is no row, of a company or of nobody, that they
// could belong to. Only for tables of which can_be_orphaned() is true.
std::string is_orphan(const Schema& schema, const Scope& scope, TableIndex table,
                      std::string_view alias);

}  // namespace company_backup
