// find-in-backups TARGET KEY: which stored backups hold a row.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct FindOptions {
  std::string target, key;
  std::optional<std::string> actor;
  bool json = false;
};

int run_find(const ConnectionOptions& where, const FindOptions& options) {
  Connection connection(where);
  print_result(std::cout,
               connection.call("find_in_backups", {{"target", table_parameter(options.target)},
                                                   {"key", text_parameter(options.key)},
                                                   {"actor", optional_text(options.actor)}}),
               options.json, "No backup holds the row.");
  return kDone;
}

}  // namespace

Command add_find_in_backups(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "find-in-backups", "Lists the backups that hold a row, also one that was erased since");
  auto options = std::make_shared<FindOptions>();
  add_row_arguments(*command, options->target, options->key);
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer("Example: company-backup find-in-backups customer 7 -d shop");
  return {command, [&connection, options] { return run_find(connection, *options); }};
}

}  // namespace company_backup::client
