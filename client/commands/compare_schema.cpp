// compare-schema BACKUP: how the tables of a backup differ from those of the database.

#include <iostream>
#include <memory>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct CompareOptions {
  int64_t backup = 0;
  bool json = false;
};

int run_compare(const ConnectionOptions& where, const CompareOptions& options) {
  Connection connection(where);
  print_result(std::cout,
               connection.call("compare_schema", {{"backup", bigint_parameter(options.backup)}}),
               options.json, "The tables are as they were when the backup was made.");
  return kDone;
}

}  // namespace

Command add_compare_schema(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand("compare-schema",
                                         "Shows how the tables of a backup differ from those here");
  auto options = std::make_shared<CompareOptions>();
  add_backup_argument(*command, options->backup)->required();
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer("Example: company-backup compare-schema 42 -d shop");
  return {command, [&connection, options] { return run_compare(connection, *options); }};
}

}  // namespace company_backup::client
