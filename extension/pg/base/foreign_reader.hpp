// As whom foreign tables are read and written. What a foreign table stands for its owner decides,
// and its server's owner where that is: both could lead whoever reads it to what he alone may reach
// with his user mapping, or to a view whose functions run as he there. Superusers are trusted, and
// the caller himself; what somebody else owns is read as its owner, with the owner's user mapping.
#pragma once

#include "pg/base/postgres.hpp"

namespace company_backup {

// All inside guarded() only.

// As whom the current user reads and writes a foreign table: himself or its owner. Error
// kForeignCode if somebody else owns its server.
Oid foreign_reader(Oid table);

// Lets a query read what is foreign among `tables`, its `entry` and all that is below it, as
// foreign_reader() says, with the rights that the current user has. Error kForeignCode if a
// partition's owner is not the table's.
void read_foreign_as_owner(Query* query, RangeTblEntry* entry, List* tables);

}  // namespace company_backup
