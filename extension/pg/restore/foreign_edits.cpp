#include "pg/restore/foreign_edits.hpp"

#include "core/scope/sql.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/foreign_reader.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/rows/mapped_row_writer.hpp"

namespace company_backup {
namespace {

void require_rights(Oid table) {
  guarded([=] {
    for (const AclMode mode : {ACL_DELETE, ACL_SELECT}) {
      const AclResult result = pg_class_aclcheck(table, GetUserId(), mode);
      if (result != ACLCHECK_OK) aclcheck_error(result, OBJECT_FOREIGN_TABLE, get_rel_name(table));
    }
  });
}

}  // namespace

void remove_foreign_row(const MergePlan& plan, const std::vector<RowValue>& values) {
  const Table& table = *plan.matched->table;
  if (plan.key.empty()) {
    throw Error(sqlstate::kSchemaDiffers, "rows of the foreign table " +
                                              quoted_display(plan.query.table.name) +
                                              " cannot be told apart")
        .detail("A row has to be removed, but the table has no key.")
        .hint("Exclude the table: set_table_rule(..., 'excluded', 'why').");
  }
  refuse_code_of_delete(table.oid, plan.query.table.name);
  std::string condition;
  std::vector<Arg> args;
  for (const MergeKeyPart& part : plan.key) {
    const Column& column = *plan.current[part.column];
    args.push_back(typed_value(column, text_form(column, values[part.column])));
    condition += (condition.empty() ? "" : " AND ") + column_sql("t", column) + " " +
                 column.equality + " $" + std::to_string(args.size());
  }
  std::optional<AsOwnerOf> owner;
  const Oid oid = table.oid;
  if (guarded([oid] { return foreign_reader(oid) != GetUserId(); })) {
    require_rights(oid);
    owner.emplace(oid);
  }
  const Rows rows =
      query("DELETE FROM " + quoted_table(table) + " AS t WHERE " + condition + " RETURNING 1",
            args, Access::kWrite);
  if (rows.size() == 1) return;
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: somebody else changed a row of the company")
      .detail("Table " + quoted_display(plan.query.table.name) + ".")
      .hint("Try again.");
}

}  // namespace company_backup
