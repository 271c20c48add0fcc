#include "pg/delete/foreign_removal.hpp"

#include <optional>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "core/text/array_text.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/foreign_reader.hpp"
#include "pg/base/owner.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

constexpr long kRowsAtOnce = 1000;

void require_select(Oid table) {
  guarded([=] {
    const AclResult result = pg_class_aclcheck(table, GetUserId(), ACL_SELECT);
    if (result != ACLCHECK_OK) aclcheck_error(result, OBJECT_FOREIGN_TABLE, get_rel_name(table));
  });
}

// Equal rows are the company's alike. Returns how many went.
uint64_t remove(const Table& table, const std::vector<const Column*>& columns, const Rows& rows) {
  std::vector<std::string> arrays;
  std::string parameters, names, same;
  for (size_t i = 0; i < columns.size(); ++i) {
    std::vector<Text> values;
    for (const Row& row : rows) values.push_back(row[i]);
    arrays.push_back(array_text(values));
    const std::string number = std::to_string(i);
    parameters += (i > 0 ? ", " : "") + ("pg_catalog.unnest($" + std::to_string(i + 1)) + "::text[])";
    names += (i > 0 ? ", k" : "k") + number;
    same += (i > 0 ? " AND " : "") + as_text(column_sql("t", *columns[i]), *columns[i]) +
            " IS NOT DISTINCT FROM u.k" + number;
  }
  const std::vector<Arg> args(arrays.begin(), arrays.end());
  return query("DELETE FROM " + quoted_table(table) +
                   " AS t WHERE EXISTS (SELECT FROM ROWS FROM (" + parameters + ") AS u(" +
                   names + ") WHERE " + same + ") RETURNING 1",
               args, Access::kWrite)
      .size();
}

}  // namespace

uint64_t remove_foreign_rows(const LiveScope& live, const Company& company, TableIndex index,
                             bool preview,
                             const std::function<void(const std::vector<const Column*>& columns,
                                                      const std::vector<RowValue>& row)>& visit) {
  const Table& table = live.table(index);
  const std::string name = display_table(table);
  std::vector<const Column*> columns;
  std::string list;
  for (const Column& column : table.columns) {
    columns.push_back(&column);
    list += (list.empty() ? "" : ", ") + as_text(column_sql("s", column), column);
  }
  Cursor cursor("SELECT " + list + " FROM " + from_table(table) + " AS s WHERE " +
                    owned_by(live.schema, live.scope, index, "s", "$1"),
                {company.arg()});
  Rows rows = cursor.fetch(kRowsAtOnce);
  std::optional<AsOwnerOf> owner;
  const Oid oid = table.oid;
  if (!rows.empty() && !preview) {
    refuse_code_of_delete(oid, name);
    if (guarded([oid] { return foreign_reader(oid) != GetUserId(); })) {
      require_select(oid);
      owner.emplace(oid);
    }
  }
  uint64_t found = 0, removed = 0;
  for (; !rows.empty(); rows = cursor.fetch(kRowsAtOnce)) {
    BatchMemory memory;
    for (const Row& row : rows) {
      std::vector<RowValue> values;
      for (const Text& value : row)
        values.push_back(value ? RowValue{ValueKind::kString, *value} : RowValue{});
      visit(columns, values);
    }
    found += rows.size();
    if (!preview) removed += remove(table, columns, rows);
    memory.close();
  }
  cursor.close();
  if (preview || removed == found) return found;
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: somebody else changed rows of the company in table " +
                  quoted_display(name))
      .hint("Try again.");
}

}  // namespace company_backup
