#include "pg/check/row_origin.hpp"

#include "pg/base/boundary.hpp"

namespace company_backup {

WrittenRows::WrittenRows(uint32_t since)
    : writer_(guarded([] { return GetCurrentTransactionId(); })), since_(since) {}

std::string WrittenRows::condition(const Table& table, const std::string& alias) const {
  if (table.foreign) return {};
  // Type cid has no order.
  return " AND " + alias + ".xmin OPERATOR(pg_catalog.=) '" + std::to_string(writer_) +
         "'::pg_catalog.xid AND " + alias +
         ".cmin::pg_catalog.text::pg_catalog.int8 OPERATOR(pg_catalog.>=) " +
         std::to_string(since_);
}

}  // namespace company_backup
