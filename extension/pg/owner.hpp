// Acting as the owner of a table or sequence, for what PostgreSQL itself does as its owner: looking
// up and locking the targets of foreign keys (ri_triggers.c) and moving sequences.
#pragma once

#include "pg/boundary.hpp"

namespace company_backup {

class AsOwnerOf {
 public:
  // No row-level security applies to the owner meanwhile.
  explicit AsOwnerOf(Oid relation) : before_(boundary::current_user_context()) {
    const Oid owner = guarded([relation] {
      HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
      if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for relation %u", relation);
      const Oid result = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
      ReleaseSysCache(tuple);
      return result;
    });
    boundary::restore({owner, before_.security | SECURITY_LOCAL_USERID_CHANGE |
                                  SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS});
  }
  ~AsOwnerOf() { boundary::restore(before_); }
  AsOwnerOf(const AsOwnerOf&) = delete;
  AsOwnerOf& operator=(const AsOwnerOf&) = delete;

 private:
  boundary::UserContext before_;
};

}  // namespace company_backup
