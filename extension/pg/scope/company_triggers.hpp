// The triggers on the company table that tell when a company is gone or gets another key; what they
// call is in company_identity.cpp.
#pragma once

#include <string>

#include "pg/base/spi.hpp"

namespace company_backup {

// Puts them on this table and its partitions, and takes them off another one. What nobody told of
// meanwhile is found out: companies that are not there have ended, and so have those whose
// partition is gone. If the triggers were disabled or taken off meanwhile, or ALTER TABLE has
// written keys, all have ended whose row is not known to be the one that it was. And all have, if
// another table was the company table and still stands, or another column was the key.
void follow_companies(Oid company_table, const std::string& key_column);

// Are they in place on the company table of the settings, without a gap since they were put there,
// and all partitions there that companies were seen in? While they are not, whose the stored
// backups are cannot be told.
bool are_companies_followed();

// The same of one table of these, for what its triggers tell. After a gap nobody knows whose a row
// is; a company that they tell of has ended.
bool is_followed(Oid root, Oid table);

// In a database that was made from another one: from now on gaps are noticed here.
void adopt_followed();

// The keys in a table, without NULLs, in the form of an array. As its owner: no policy hides rows.
std::string keys_of_table(Oid table, const std::string& key_column);

}  // namespace company_backup
