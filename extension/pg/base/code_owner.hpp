// Whose code runs when a relation is written or a type reads a value: that of everybody who could
// have put it there. What belongs to superusers alone is trusted.
#pragma once

#include "pg/base/postgres.hpp"

namespace company_backup {

// All inside guarded() only.

// As whom the code on a relation runs: its CHECKs, generated columns, defaults and the expressions
// of its indexes. Those of tables it is a partition or child of come down to it, so that their
// owners count as well; where all are superusers, the owners of the functions that it calls. Error
// kForeignCode if that is more than one.
Oid owner_of_code(Relation relation);

// As whom the default of a column is evaluated: the same, unless it is that of a domain.
Oid owner_of_default(Relation relation, AttrNumber column);

// As whom rows find their way to the partitions of a table, which are opened on the way: the
// one owner of them all who is no superuser; of several, a role that may do nothing.
Oid owner_of_routing(Relation relation);

// As whom values of a type are read: the owner of a domain with CHECKs that it is made of, at any
// depth. InvalidOid: nobody but superusers has put code there. Error kForeignCode if there are
// several such owners.
Oid owner_of_type_code(Oid type);

// Calls visit(relation, context) for every composite type, by its relation, that the type is made
// of.
void visit_composites(Oid type, void (*visit)(Oid relation, void* context), void* context);

}  // namespace company_backup
