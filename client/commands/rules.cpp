// rules: the statements that would settle what is undecided, to review and to run.

#include <iostream>
#include <memory>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

int run_rules(const ConnectionOptions& where, bool json) {
  Connection connection(where);
  const Result statements = connection.call("propose_company_rules");
  if (json) {
    print_json(std::cout, to_json(statements));
    return kDone;
  }
  for (int row = 0; row < statements.rows(); ++row) {
    const std::string statement = printable_sql(statements.text(row, "statement"));
    std::cout << statement << (statement.ends_with(';') ? "\n" : ";\n");
  }
  return kDone;
}

}  // namespace

Command add_rules(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "rules", "Proposes the SQL statements that settle what is undecided about the tables");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "Nothing is changed. Read the statements, correct them, and run them with psql.\n"
      "Example: company-backup rules -d shop > rules.sql");
  return {command, [&connection, json] { return run_rules(connection, *json); }};
}

}  // namespace company_backup::client
