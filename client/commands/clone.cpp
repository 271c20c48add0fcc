// clone COMPANY: copies a company into a new one.

#include <memory>
#include <optional>

#include "client/commands/attributes.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct CloneOptions {
  std::string company;
  Attributes attributes;
  std::optional<std::string> actor;
  bool json = false;
};

int run_clone(const ConnectionOptions& where, const CloneOptions& options) {
  std::vector<Argument> arguments = {{"source", text_parameter(options.company)}};
  options.attributes.add_argument(arguments);
  if (options.actor) arguments.push_back({"actor", text_parameter(*options.actor)});
  Connection connection(where);
  print_new_company(connection.call("clone_company", arguments), options.json);
  return kDone;
}

}  // namespace

Command add_clone(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command =
      app.add_subcommand("clone", "Copies a company into a new one and prints its key");
  auto options = std::make_shared<CloneOptions>();
  command->add_option("COMPANY", options->company, "Key of the company to copy")
      ->required()
      ->type_name("");
  options->attributes.add_to(*command);
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "The copy is of one moment, files included; the company is not changed. Rows get new IDs\n"
      "where two companies cannot have the same; \"plan --new BACKUP\" shows where.\n"
      "Example: company-backup clone acme --set name=\"Acme test\" -d shop");
  return {command, [&connection, options] { return run_clone(connection, *options); }};
}

}  // namespace company_backup::client
