#include "pg/base/foreign_reader.hpp"

#include "pg/base/compat.hpp"
#include "pg/base/error_code.hpp"
#include "pg/base/owner.hpp"

namespace company_backup {

Oid foreign_reader(Oid table) {
  const Oid owner = owner_of_relation(table);
  const ForeignServer* server = GetForeignServer(GetForeignTable(table)->serverid);
  if (!is_trusted(server->owner) && server->owner != owner) {
    ereport(ERROR,
            (errcode(errcode_of(sqlstate::kForeignCode)),
             errmsg("role \"%s\" decides which data foreign table \"%s\" reads",
                    GetUserNameFromId(server->owner, false), get_rel_name(table)),
             errdetail("The role owns server \"%s\", but not the table.", server->servername),
             errhint("Let a superuser own both: ALTER SERVER ... OWNER TO, ALTER FOREIGN TABLE ... "
                     "OWNER TO.")));
  }
  return is_trusted(owner) ? GetUserId() : owner;
}

void read_foreign_as_owner(Query* query, RangeTblEntry* entry, List* tables) {
  Oid reader = InvalidOid;
  ListCell* cell;
  foreach (cell, tables) {
    const Oid table = lfirst_oid(cell);
    if (get_rel_relkind(table) != RELKIND_FOREIGN_TABLE) continue;
    const Oid one = foreign_reader(table);
    const bool as_caller = one == GetUserId();
    if ((OidIsValid(reader) && reader != one) ||
        (!as_caller && one != owner_of_relation(entry->relid))) {
      ereport(ERROR, (errcode(errcode_of(sqlstate::kForeignCode)),
                      errmsg("foreign partition \"%s\" and table \"%s\" have different owners",
                             get_rel_name(table), get_rel_name(entry->relid)),
                      errhint("Let one role own both: ALTER FOREIGN TABLE ... OWNER TO.")));
    }
    reader = one;
  }
  if (OidIsValid(reader)) read_entry_as(query, entry, reader);
}

}  // namespace company_backup
