#include "pg/rows/row_check.hpp"

#include "core/scope/sql.hpp"
#include "pg/base/code_owner.hpp"
#include "pg/base/compat.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/spi.hpp"
#include "pg/rows/rule_expression.hpp"

extern "C" {
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
}

namespace company_backup {

Node* cook_row_check(Relation relation, const char* condition) {
  ParseState* state = make_parsestate(nullptr);
  // Under a name that nobody writes: that of a partition is not the table's.
  Alias* const name = makeAlias("company_backup row", NIL);
  ParseNamespaceItem* columns =
      addRangeTableEntryForRelation(state, relation, AccessShareLock, name, false, true);
  addNSItemToQuery(state, columns, true, true, true);
  Node* cooked = transformExpr(state, parse_expression(condition), EXPR_KIND_CHECK_CONSTRAINT);
  cooked = coerce_to_boolean(state, cooked, "row check");
  assign_expr_collations(state, cooked);
  free_parsestate(state);
  return with_generated_columns(cooked, relation);
}

void require_row_check(Oid table, const std::string& condition) {
  const auto refuse = [&](const std::string& detail) {
    throw Error(sqlstate::kBadRule, "the condition cannot be checked for rows of the table")
        .detail(detail)
        .hint(
            "Write a condition over the columns of one row, as after CHECK in CREATE TABLE, but "
            "without the table's name, for example $$name <> ''$$. Functions that are not "
            "PostgreSQL's own need their schema.");
  };
  const bool is_volatile = guarded_or(
      [&] {
        bool found = false;
        const Relation relation = table_open(table, AccessShareLock);
        run_owners_code(owner_of_code(relation), [&] {
          found = contain_volatile_functions(cook_row_check(relation, condition.c_str()));
        });
        table_close(relation, NoLock);
        return found;
      },
      [&](const CaughtError& error) { refuse(error.message + "."); });
  if (is_volatile) {
    refuse(
        "It calls a function that is volatile: what it says of a row may change from one call to "
        "the next. Functions that do not are to be declared STABLE or IMMUTABLE.");
  }
}

void require_own_row_check(const Table& table, const std::string& condition) {
  const Rows rule = own_query(
      "SELECT CASE WHEN said_in = (SELECT identity FROM company_backup.database_identity) THEN "
      "(SELECT r.rolname FROM pg_roles r WHERE r.oid = set_role) ELSE set_by END, set_by FROM "
      "company_backup.row_check WHERE table_schema::text = $1 AND table_name::text = $2 AND "
      "condition = $3",
      {table.schema, table.name, condition});
  require_said_by_owner(table, rule, "row check of table " + quoted_display(display_table(table)));
}

}  // namespace company_backup
