// As whom foreign tables are read and written. The owner of a foreign table decides which table it
// stands for, the owner of its server where that is. Either could make a reader open, by his own
// user mapping, what only he may reach, or a view whose functions then run as he. Superusers and
// the caller are trusted; a table of anybody else is read as its owner, with his user mapping.
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
