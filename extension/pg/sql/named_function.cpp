#include "pg/sql/named_function.hpp"

#include "pg/base/spi.hpp"

namespace company_backup {

NamedFunction named_function(const std::string& text, const std::string& arguments,
                             const std::string& result) {
  const auto refuse = [&] {
    throw Error(sqlstate::kBadRule, "function " + text + "(" + arguments + ") does not exist")
        .hint("Write it with its schema, as in 'app.my_function'; create the function first.");
  };
  Rows rows;
  with_subtransaction(
      [&] {
        rows = query(
            "SELECT n.nspname, p.proname, p.prorettype::regtype::text, n.nspname LIKE "
            "'pg\\_temp%' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid "
            "= to_regprocedure($1 || $2)",
            {text, "(" + arguments + ")"});
      },
      [&](const CaughtError&) { refuse(); });  // no name of a function
  if (rows.empty()) refuse();
  if (*rows[0][3] == "t") {
    throw Error(sqlstate::kBadRule, "function " + text + " is temporary")
        .hint("Create it in a permanent schema.");
  }
  if (!result.empty() && *rows[0][2] != result) {
    throw Error(sqlstate::kBadRule, "function " + text + " must return " + result)
        .detail("It returns " + *rows[0][2] + ".");
  }
  return {*rows[0][0], *rows[0][1]};
}

}  // namespace company_backup
