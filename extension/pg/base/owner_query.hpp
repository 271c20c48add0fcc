// Queries in which code of a table's owner may run: index expressions, and what rules evaluate.
#pragma once

#include <string>
#include <vector>

#include "pg/base/owner.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

// As the owner of the table, or where that is a superuser as the current user, in a restricted
// operation; settings that the code makes are gone after it.
inline Rows query_as_owner(Oid table, const std::string& sql, const std::vector<Arg>& args,
                           Access access = Access::kWrite) {
  const AsOwnerOf owner(table, Superusers::kLetCallerAct);
  const int nest = guarded([] { return NewGUCNestLevel(); });
  Rows rows = query(sql, args, access);
  guarded([nest] { AtEOXact_GUC(false, nest); });
  return rows;
}

}  // namespace company_backup
