// preview COMPANY BACKUP: what a restore would do.

#include <cstdint>
#include <iostream>
#include <memory>

#include "client/base/output.hpp"
#include "client/commands/restore_options.hpp"

namespace company_backup::client {
namespace {

struct PreviewOptions {
  RestoreOptions restore;
  bool json = false;
  bool rows = false;
  int32_t max_rows = 1000;
};

void print_rows(Connection& connection, const PreviewOptions& options) {
  std::vector<Argument> arguments = options.restore.arguments();
  arguments.push_back({"max_rows", integer_parameter(options.max_rows)});
  const Result rows = connection.call("preview_rows", arguments);
  print_result(std::cout, rows, options.json, "Nothing would change.");
  if (rows.rows() == options.max_rows) {
    print_message("These are the first " + std::to_string(options.max_rows) +
                  " rows; --max-rows shows more.");
  }
}

int run_preview(const ConnectionOptions& where, const PreviewOptions& options) {
  Connection connection(where);
  if (options.rows) {
    print_rows(connection, options);
    return kDone;
  }
  const Result preview = connection.call("preview_restore", options.restore.arguments());
  if (options.json) {
    print_json(std::cout, to_json(preview));
  } else {
    print_preview(std::cout, preview, options.restore, true);
  }
  return kDone;
}

}  // namespace

Command add_preview(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command =
      app.add_subcommand("preview", "Shows what a restore would do; changes nothing");
  auto options = std::make_shared<PreviewOptions>();
  options->restore.add_to(*command);
  CLI::Option* rows = command->add_flag("--rows", options->rows, "The rows themselves");
  command->add_option("--max-rows", options->max_rows, "So many of them at most (1000)")
      ->needs(rows)
      ->check(CLI::Range(1, INT32_MAX).description(""))
      ->type_name("NUMBER");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer("Example: company-backup preview acme 42 -d shop");
  return {command, [&connection, options] { return run_preview(connection, *options); }};
}

}  // namespace company_backup::client
