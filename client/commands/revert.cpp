// revert RESTORE: takes a restore back and shows which later edits that discarded.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct RevertOptions {
  int64_t restore = 0;
  std::optional<std::string> actor;
  bool json = false;
};

Result restore_problems(Connection& connection, int64_t restore) {
  try {
    return connection.call("restore_problems", {{"restore", bigint_parameter(restore)}});
  } catch (const ServerError& error) {
    throw ServerError("The restore was reverted. What needs a look could not be listed:\n" +
                      std::string(error.what()));
  }
}

// Rows are too long for columns.
void print_problems(const Result& problems) {
  for (int row = 0; row < problems.rows(); ++row) {
    std::cout << printable(problems.text(row, "table_name")) << ' '
              << printable(problems.text(row, "row_key")) << ": "
              << printable(problems.text(row, "problem")) << '\n';
    const std::string_view data = problems.text(row, "row_data");
    if (!data.empty()) std::cout << "    " << printable(data) << '\n';
  }
}

int run_revert(const ConnectionOptions& where, const RevertOptions& options) {
  Connection connection(where);
  connection.call("revert_restore", {{"restore", bigint_parameter(options.restore)},
                                     {"actor", optional_text(options.actor)}});
  const Result problems = restore_problems(connection, options.restore);
  if (options.json) {
    print_json(
        std::cout,
        {{"restore", options.restore}, {"status", "reverted"}, {"problems", to_json(problems)}});
  } else {
    print_problems(problems);
  }
  return kDone;
}

}  // namespace

Command add_revert(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command =
      app.add_subcommand("revert", "Takes a restore back: the company becomes what it was before");
  auto options = std::make_shared<RevertOptions>();
  add_restore_argument(*command, options->restore)->required();
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "Edits that somebody made since the restore are discarded, too. They are printed, each with\n"
      "its row as it was.\n"
      "Example: company-backup revert 7 -d shop");
  return {command, [&connection, options] { return run_revert(connection, *options); }};
}

}  // namespace company_backup::client
