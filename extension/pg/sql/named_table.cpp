#include "pg/sql/named_table.hpp"

#include <algorithm>

#include "core/text/error.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/boundary.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

NamedTable named_table(Oid table) {
  const Rows rows = query(
      "SELECT n.nspname, c.relname, c.relkind, c.relispartition FROM pg_class c JOIN pg_namespace "
      "n "
      "ON n.oid = c.relnamespace WHERE c.oid = $1",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))});
  if (rows.empty()) throw Error(sqlstate::kBadRule, "the table does not exist");
  NamedTable named{*rows[0][0], *rows[0][1]};
  const std::string display = named.schema + "." + named.name;
  if (std::string("rpf").find(*rows[0][2]) == std::string::npos) {
    throw Error(sqlstate::kBadRule, "\"" + display + "\" is not a table")
        .hint("Rules are for tables, partitioned tables and foreign tables.");
  }
  if (*rows[0][3] == "t") {
    throw Error(sqlstate::kBadRule, "\"" + display + "\" is a partition")
        .hint("Give the rule to the partitioned table it belongs to.");
  }
  if (named.schema == "company_backup" || named.schema.starts_with("pg_")) {
    throw Error(sqlstate::kBadRule, "\"" + display + "\" is not a table of the application");
  }
  return named;
}

void require_column(Oid table, const std::string& column) {
  const Rows rows = query(
      "SELECT $1::regclass::text, EXISTS (SELECT FROM pg_attribute WHERE attrelid = $1 AND "
      "attname::text = $2 AND attnum > 0 AND NOT attisdropped)",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table)), column});
  if (*rows[0][1] != "t") {
    throw Error("42703", "column \"" + column + "\" of table " + quoted_display(*rows[0][0]) +
                             " does not exist");
  }
}

void require_table_owner(Oid table, const NamedTable& named) {
  if (one_value(query("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = $1",
                      {Arg::datum(OIDOID, ObjectIdGetDatum(table))})) == "t") {
    return;
  }
  throw Error(sqlstate::kInsufficientPrivilege, "must be owner of table \"" +
                                                    display_name(named.schema) + "." +
                                                    display_name(named.name) + "\"")
      .detail("A replacement is evaluated as the owner of its table.");
}

void notice(const std::string& message) {
  guarded([&] { ereport(NOTICE, (errmsg_internal("%s", to_server_with_marks(message.c_str())))); });
}

}  // namespace company_backup
