// preview COMPANY BACKUP: what a restore would do.

#include <iostream>
#include <memory>

#include "client/base/output.hpp"
#include "client/commands/restore_options.hpp"

namespace company_backup::client {
namespace {

struct PreviewOptions {
  RestoreOptions restore;
  bool json = false;
};

int run_preview(const ConnectionOptions& where, const PreviewOptions& options) {
  Connection connection(where);
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
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer("Example: company-backup preview acme 42 -d shop");
  return {command, [&connection, options] { return run_preview(connection, *options); }};
}

}  // namespace company_backup::client
