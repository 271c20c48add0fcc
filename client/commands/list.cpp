// list [COMPANY]: the backups in the database.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct ListOptions {
  std::optional<std::string> company;
  bool json = false;
};

int run_list(const ConnectionOptions& where, const ListOptions& options) {
  Connection connection(where);
  print_result(std::cout,
               connection.call("company_backups", {{"company", optional_text(options.company)}}),
               options.json, "There are no backups.");
  return kDone;
}

}  // namespace

Command add_list(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand("list", "Lists the backups in the database");
  auto options = std::make_shared<ListOptions>();
  command->add_option("COMPANY", options->company, "Only those of this company")->type_name("");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer("Example: company-backup list acme -d shop");
  return {command, [&connection, options] { return run_list(connection, *options); }};
}

}  // namespace company_backup::client
