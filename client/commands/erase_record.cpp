// erase-record TARGET KEY: removes a row for good.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct EraseOptions {
  std::string target, key;
  std::optional<std::string> reason, actor;
  bool json = false;
};

int run_erase(const ConnectionOptions& where, const EraseOptions& options) {
  Connection connection(where);
  const Result erased =
      connection.call("erase_record", {{"target", table_parameter(options.target)},
                                       {"key", text_parameter(options.key)},
                                       {"reason", optional_text(options.reason)},
                                       {"actor", optional_text(options.actor)}});
  const bool was_there = erased.text(0, 0) == "t";
  if (options.json) {
    print_json(std::cout,
               {{"target", options.target}, {"key", options.key}, {"was_there", was_there}});
  } else {
    std::cout << (was_there ? "The row is erased.\n"
                            : "The row was not there. It is erased: no backup brings it back.\n");
  }
  return kDone;
}

}  // namespace

Command add_erase_record(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "erase-record", "Removes a row for good: no backup from before brings it back");
  auto options = std::make_shared<EraseOptions>();
  add_row_arguments(*command, options->target, options->key);
  command->add_option("--reason", options->reason, "Why; kept with the time and who did it")
      ->type_name("TEXT");
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "It does not ask, and cannot be taken back. Stored backups keep the row until they are\n"
      "deleted: \"find-in-backups\" lists them.\n"
      "Example: company-backup erase-record customer 7 --reason \"asked to be forgotten\" -d shop");
  return {command, [&connection, options] { return run_erase(connection, *options); }};
}

}  // namespace company_backup::client
