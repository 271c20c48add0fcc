#include "pg/rows/rule_expression.hpp"

#include "pg/base/encoding.hpp"

namespace company_backup {

Node* parse_expression(const char* expression) {
  List* parsed = raw_parser(
      psprintf("ALTER TABLE t ALTER c SET DEFAULT %s\n", to_server(expression)), RAW_PARSE_DEFAULT);
  const auto* statement = list_length(parsed) == 1 ? linitial_node(RawStmt, parsed)->stmt : nullptr;
  const List* commands = statement != nullptr && IsA(statement, AlterTableStmt)
                             ? reinterpret_cast<const AlterTableStmt*>(statement)->cmds
                             : NIL;
  if (list_length(commands) != 1) {
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("it is not one expression")));
  }
  return linitial_node(AlterTableCmd, commands)->def;
}

void require_said_by_owner(const Table& table, const Rows& rule, const std::string& what) {
  const Text by = rule.empty() ? Text() : rule[0][0];
  const Rows allowed = query(
      "SELECT FROM pg_class c JOIN pg_roles r ON r.rolname::text = $1 WHERE c.oid = $2 AND "
      "pg_has_role(r.oid, c.relowner, 'USAGE')",
      {by, Arg::datum(OIDOID, ObjectIdGetDatum(table.oid))});
  if (!allowed.empty()) return;
  throw Error(sqlstate::kForeignCode, "the " + what + " was not set by the table's owner")
      .detail("It is evaluated as the owner of the table, but role \"" +
              (rule.empty() ? "" : rule[0][1].value_or("")) +
              "\", which set the rule, does not have the rights of that owner.")
      .hint("Let the owner of the table, or a superuser, set the rule again.");
}

}  // namespace company_backup
