// The only place that looks at PG_VERSION_NUM.
#pragma once

#include "pg/postgres.hpp"

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

}  // namespace company_backup
