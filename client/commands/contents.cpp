// contents COMPANY: what a backup of the company would hold now.

#include <iostream>
#include <memory>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct ContentsOptions {
  std::string company;
  bool json = false;
};

int run_contents(const ConnectionOptions& where, const ContentsOptions& options) {
  Connection connection(where);
  print_result(std::cout,
               connection.call("company_contents", {{"company", text_parameter(options.company)}}),
               options.json, "The company has no rows.");
  return kDone;
}

}  // namespace

Command add_contents(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command =
      app.add_subcommand("contents", "Shows what a backup of a company would hold now");
  auto options = std::make_shared<ContentsOptions>();
  command->add_option("COMPANY", options->company, "Key of the company")->required()->type_name("");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer("Example: company-backup contents acme -d shop");
  return {command, [&connection, options] { return run_contents(connection, *options); }};
}

}  // namespace company_backup::client
