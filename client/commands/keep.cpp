// keep RESTORE: ends the review of a restore; its result stays.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct KeepOptions {
  int64_t restore = 0;
  std::optional<std::string> actor;
  bool json = false;
};

int run_keep(const ConnectionOptions& where, const KeepOptions& options) {
  Connection connection(where);
  connection.call("keep_restore", {{"restore", bigint_parameter(options.restore)},
                                   {"actor", optional_text(options.actor)}});
  if (options.json) print_json(std::cout, {{"restore", options.restore}, {"status", "kept"}});
  return kDone;
}

}  // namespace

Command add_keep(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command =
      app.add_subcommand("keep", "Ends the review of a restore: its result stays for good");
  auto options = std::make_shared<KeepOptions>();
  add_restore_argument(*command, options->restore)->required();
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "It cannot be reverted afterwards.\n"
      "Example: company-backup keep 7 -d shop");
  return {command, [&connection, options] { return run_keep(connection, *options); }};
}

}  // namespace company_backup::client
