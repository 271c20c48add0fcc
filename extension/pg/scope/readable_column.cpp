#include "pg/scope/readable_column.hpp"

#include "pg/base/boundary.hpp"
#include "pg/base/encoding.hpp"

namespace company_backup {

bool may_read_column(Oid table, const std::string& column) {
  const char* name = column.c_str();
  return guarded([=] {
    const char kind = get_rel_relkind(table);
    if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE) return false;
    const bool allowed = pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
                         pg_attribute_aclcheck(table, column_number(table, name), GetUserId(),
                                               ACL_SELECT) == ACLCHECK_OK;
    return allowed && check_enable_rls(table, InvalidOid, true) != RLS_ENABLED;
  });
}

}  // namespace company_backup
