// The only place that looks at PG_VERSION_NUM.
#pragma once

#include "pg/base/postgres.hpp"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 160000
#error "company_backup is built and tested for PostgreSQL 15"
#endif

namespace company_backup {

// Number of the file that holds a table's rows; a rewrite gives it a new one.
inline Oid file_number(Relation relation) {
  return relation->rd_node.relNode;
}

inline bool owns_database(Oid role) {
  return pg_database_ownercheck(MyDatabaseId, role);
}

// May do nothing that matters: other people's code can be planned under it.
inline constexpr Oid kPowerlessRole = ROLE_PG_CHECKPOINT;

// NOT NULL aside, the executor then finds no CHECK of the relation false. In memory that lives as
// long as `relation`.
inline void disable_checks(ResultRelInfo* relation, int count) {
  relation->ri_ConstraintExprs =
      static_cast<ExprState**>(palloc0(sizeof(ExprState*) * static_cast<size_t>(count)));
}

// The tree walkers, whose callbacks are declared without parameters before PostgreSQL 16.
using NodeWalker = bool (*)(Node*, void*);
inline auto bare_walker(NodeWalker walker) {
  return reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker));
}
inline bool walk_query(Query* query, NodeWalker walker, void* context) {
  return query_tree_walker(query, bare_walker(walker), context, QTW_EXAMINE_RTES_BEFORE);
}
inline bool walk_expression(Node* node, NodeWalker walker, void* context) {
  return expression_tree_walker(node, bare_walker(walker), context);
}

}  // namespace company_backup
