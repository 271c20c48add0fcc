// The triggers on the company table that tell when a company is gone or gets another key; what they
// call is in company_identity.cpp.
#pragma once

#include <string>

#include "pg/base/spi.hpp"

namespace company_backup {

// Puts them on this table and its partitions, and takes them off another one. What nobody told of
// meanwhile is found out: companies that are not there have ended, and so have those whose
// partition is gone; and all have, if another table was the company table and still stands.
void follow_companies(Oid company_table, const std::string& key_column);

// Are they in place on the company table of the settings, and all partitions there that companies
// were seen in? While they are not, whose the stored backups are cannot be told.
bool are_companies_followed();

// The keys in a table, without NULLs, in the form of an array. As its owner: no policy hides rows.
std::string keys_of_table(Oid table, const std::string& key_column);

}  // namespace company_backup
