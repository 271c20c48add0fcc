// backup COMPANY: makes a backup inside the database.

#include <iostream>
#include <memory>
#include <optional>

#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct BackupOptions {
  std::string company;
  std::optional<std::string> label, on_error, actor;
  bool include_files = false;
};

int run_backup(const ConnectionOptions& where, const BackupOptions& options) {
  std::vector<Argument> arguments = {{"company", text_parameter(options.company)}};
  if (options.label) arguments.push_back({"label", text_parameter(*options.label)});
  if (options.include_files) arguments.push_back({"include_files", boolean_parameter(true)});
  if (options.on_error) arguments.push_back({"on_error", text_parameter(*options.on_error)});
  if (options.actor) arguments.push_back({"actor", text_parameter(*options.actor)});
  Connection connection(where);
  std::cout << connection.call("backup_company", arguments).text(0, 0) << '\n';
  return kDone;
}

}  // namespace

Command add_backup(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "backup", "Makes a backup of a company inside the database and prints its ID");
  auto options = std::make_shared<BackupOptions>();
  command->add_option("COMPANY", options->company, "Key of the company")->required()->type_name("");
  command->add_option("--label", options->label, "A note, shown by \"list\"")->type_name("TEXT");
  command->add_flag("--include-files", options->include_files, "Back up the company's files, too");
  add_choice(*command, "--on-error", options->on_error,
             "What to do about wrong references: fail, or record them in the backup",
             {"abort", "record"});
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  add_connection_options(*command, connection);
  command->footer("Example: company-backup backup acme --label \"before the import\" -d shop");
  return {command, [&connection, options] { return run_backup(connection, *options); }};
}

}  // namespace company_backup::client
