// The triggers on the company table that tell when a company is gone or gets another key; what they
// call is in company_identity.cpp.
#pragma once

#include <string>

#include "pg/base/spi.hpp"

namespace company_backup {

// Creates the triggers on this table and its partitions, and drops those of a former company table.
// Changes that they have missed are made up for: companies without a row have ended, and so have
// those whose partition is gone. If the triggers were disabled or dropped for a time, or ALTER
// TABLE has written keys, every company has ended whose row is not known to be the same. All
// companies have ended if another table, which still exists, was the company table, or another
// column the key.
void follow_companies(Oid company_table, const std::string& key_column);

// Have the triggers been active on the company table of the settings without a gap, and do all
// partitions exist that companies were seen in? If not, nobody knows whose the stored backups are.
bool are_companies_followed();

// The same for one table, when one of its triggers fires. After a gap nobody knows whose a row is:
// the company that the trigger is about has ended.
bool is_followed(Oid root, Oid table);

// In a database that was made from another one: from now on gaps are noticed here.
void adopt_followed();

// The keys in a table, without NULLs, in the form of an array. As its owner: no policy hides rows.
std::string keys_of_table(Oid table, const std::string& key_column);

}  // namespace company_backup
