// restores [COMPANY]: what was restored, and what became of it.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct RestoresOptions {
  std::optional<std::string> company;
  bool json = false;
};

int run_restores(const ConnectionOptions& where, const RestoresOptions& options) {
  Connection connection(where);
  print_result(std::cout,
               connection.call("company_restores", {{"company", optional_text(options.company)}}),
               options.json, "There are no restores.");
  return kDone;
}

}  // namespace

Command add_restores(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand("restores", "Lists the restores and what became of them");
  auto options = std::make_shared<RestoresOptions>();
  command->add_option("COMPANY", options->company, "Only those of this company")->type_name("");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "The status is \"review\" until the restore is kept or reverted.\n"
      "Example: company-backup restores acme -d shop");
  return {command, [&connection, options] { return run_restores(connection, *options); }};
}

}  // namespace company_backup::client
