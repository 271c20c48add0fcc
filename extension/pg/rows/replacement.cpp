#include "pg/rows/replacement.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/owner_query.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/rule_expression.hpp"

namespace company_backup {
namespace {

constexpr size_t kBatch = 1000;

// A comment in the expression ends with its line.
std::string in_parentheses(const std::string& expression) {
  return "(" + expression + "\n)";
}

}  // namespace

void require_renewal(Oid table, const std::string& column, const std::string& expression) {
  const std::string type = one_value(
      query("SELECT pg_catalog.format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid "
            "END, "
            "NULL) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1 "
            "AND a.attname::text = $2",
            {Arg::datum(OIDOID, ObjectIdGetDatum(table)), column}));
  const std::string sql = "SELECT pg_catalog.concat(" + in_parentheses(expression) +
                          ") FROM (SELECT NULL::" + type +
                          " AS old, NULL::text AS old_company, NULL::text AS new_company) AS r";
  const AsOwnerOf owner(table, Superusers::kLetCallerAct);
  guarded_or(
      [&sql, &expression] {
        parse_expression(expression.c_str());
        SPI_connect();
        SPIPlanPtr plan = SPI_prepare(to_server(sql.c_str()), 0, nullptr);
        if (plan == nullptr) elog(ERROR, "%s", SPI_result_code_string(SPI_result));
        SPI_finish();
      },
      [&](const CaughtError& error) {
        throw Error(sqlstate::kBadRule,
                    "the replacement for column \"" + column + "\" cannot be evaluated")
            .detail(error.message + ".")
            .hint(
                "It is an expression of old (the value), old_company and new_company (keys, as "
                "text), as in "
                "$$old || '-' || new_company$$. Functions need their schema.");
      });
}

std::vector<std::string> replace_values(const Table& table, const Column& column,
                                        const std::string& expression,
                                        const std::vector<std::string>& values,
                                        const CompanyChange& change) {
  const std::string sql =
      "SELECT x.n, CASE WHEN x.value IS DISTINCT FROM NULL THEN pg_catalog.concat(x.value) END "
      "FROM "
      "(SELECT " +
      in_parentheses(expression) +
      " AS value, r.n FROM (SELECT u.k0 AS old, $2 AS old_company, $3 AS "
      "new_company, u.n FROM " +
      unnested({&column}) + " OFFSET 0) AS r OFFSET 0) AS x ORDER BY x.n";
  require_own_replacement(table, column, expression);
  std::vector<std::string> replaced;
  for (size_t start = 0; start < values.size(); start += kBatch) {
    const std::vector<std::string> some(
        values.begin() + static_cast<ptrdiff_t>(start),
        values.begin() + static_cast<ptrdiff_t>(std::min(values.size(), start + kBatch)));
    const Rows rows = query_as_owner(
        table.oid, sql, {typed_array(column, some), change.from, change.to}, Access::kCall);
    for (size_t i = 0; i < some.size(); ++i) {
      if (rows.size() != some.size() || rows[i][0] != std::to_string(i + 1)) {
        throw Error(sqlstate::kIntegrity, "the replacement for column \"" + column.name +
                                              "\" of table " +
                                              quoted_display(display_table(table)) +
                                              " does not give one value for each row")
            .detail("It returns a set of values.");
      }
      if (!rows[i][1]) {
        throw Error(sqlstate::kIntegrity,
                    "the replacement for column \"" + column.name + "\" of table " +
                        quoted_display(display_table(table)) + " gives no value")
            .detail("For " + some[i].substr(0, 100) + " it is null.");
      }
      replaced.push_back(*rows[i][1]);
    }
  }
  return replaced;
}

}  // namespace company_backup
