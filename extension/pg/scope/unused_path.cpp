#include "pg/scope/unused_path.hpp"

#include "core/text/json_walk.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/server_text.hpp"
#include "pg/base/spi.hpp"
#include "pg/scope/readable_column.hpp"

namespace company_backup {
namespace {

constexpr long kBatch = 100;

bool is_document(Oid table, const std::string& column) {
  const char* name = column.c_str();
  return guarded([=] {
    const Oid type = getBaseType(get_atttype(table, column_number(table, name)));
    return type == JSONOID || type == JSONBOID;
  });
}

// No documents: that says nothing of the path.
bool is_unused(Oid table, const std::string& column, const JsonPath& path) {
  const std::string from = one_value(query("SELECT $1::regclass", {Arg::datum(OIDOID, table)}));
  const std::string value = "t." + quote_name(column);
  Cursor documents("SELECT pg_catalog.concat(" + value + ") FROM " + from + " AS t WHERE " + value +
                       " IS NOT NULL LIMIT 10000",
                   {});
  bool any = false, used = false;
  for (Rows rows; !used && !(rows = documents.fetch(kBatch)).empty();) {
    any = true;
    for (const Row& row : rows) {
      std::vector<std::string> values, others;
      collect_storable_ids(path, *row[0], values, others);
      used |= !values.empty() || !others.empty();
    }
  }
  documents.close();
  return any && !used;
}

}  // namespace

void tell_of_unused_path(Oid table, const std::string& column, const JsonPath& path,
                         const std::string& path_text) {
  if (!may_read_column(table, column) || !is_document(table, column)) return;
  if (!is_unused(table, column, path)) return;
  guarded([&] {
    ereport(NOTICE,
            (errmsg("no document in column \"%s\" of table \"%s\" has a value at %s",
                    to_server_with_marks(column.c_str()), get_rel_name(table),
                    to_server_with_marks(path_text.c_str())),
             errhint("References are looked for there only. If the path is right, documents that "
                     "have it may come later.")));
  });
}

}  // namespace company_backup
