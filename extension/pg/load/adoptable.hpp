// Which rows of nobody a company may adopt (pg/restore/orphans.hpp): those that the removal of
// other rows can have left to nobody, and that nobody else uses. All others are everybody's,
// whatever the archive says of them.
#pragma once

#include <string>

#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Can a row lose the row it refers to by this step, because that goes or becomes another one? Not
// where a foreign key forbids that or deletes this row with it. Who empties the column himself says
// whose the row is from now on.
bool can_lose_target(const LiveScope& live, const ScopedTable& scoped, const RouteStep& step);

// Can rows of the table have been left to nobody by the removal of others, alone or with what they
// are below?
bool can_be_left(const LiveScope& live, const ScopedTable& scoped);

// True for rows `alias` of the table, one of which can_be_orphaned() is true, that are nobody's and
// may be adopted, as far as documents say under the active snapshot: a text for this snapshot only.
// `parameter`: the one with the key of `company` ("$1"). Empty and null: there is none yet.
std::string is_adoptable(const LiveScope& live, TableIndex table, const std::string& alias,
                         const std::string& parameter, const Company* company);

}  // namespace company_backup
