// Whose code runs when a relation is written or a type reads a value: that of everybody who could
// have put it there. What belongs to superusers alone is trusted.
#pragma once

#include "pg/base/postgres.hpp"

namespace company_backup {

// All inside guarded() only.

// As whom the code on a relation runs: its CHECKs, generated columns, defaults and the expressions
// of its indexes. Those of tables it is a partition or child of come down to it, so that their
// owners count as well; where all are superusers, the owners of the functions that it calls. Error
// kForeignCode if that is more than one. Code that only superusers own runs as the current user, as
// it does when he writes to the table: it may rely on that, and he chooses the values.
Oid owner_of_code(Relation relation);

// As whom a column's default is evaluated and becomes a value of the column's type: the same, with
// those who have put checks into the type.
Oid owner_of_default(Relation relation, AttrNumber column);

// The same of an expression that the table's owner has given for the column.
Oid owner_of_replacement(Relation relation, AttrNumber column);

// As whom rows are routed to the partitions of a table, which are opened for that: their one owner
// who is no superuser; if there are several such owners, a role without rights.
Oid owner_of_routing(Relation relation);

// As whom values of a type are read: the owner of a domain with CHECKs that it is made of, at any
// depth. InvalidOid: nobody but superusers has put code there. Error kForeignCode if there are
// several such owners.
Oid owner_of_type_code(Oid type);

// Whose code planning may run on a table of a superuser: the owners, superusers aside, of functions
// that its indexes, its partition key, its CHECKs and its statistics call.
void visit_planned_code(Oid relation, void (*visit)(Oid role, void* context), void* context);

// Calls visit(relation, context) for every composite type, by its relation, that the type is made
// of.
void visit_composites(Oid type, void (*visit)(Oid relation, void* context), void* context);

}  // namespace company_backup
