// restore COMPANY BACKUP: brings a company back to what a backup holds.

#include <iostream>
#include <memory>
#include <optional>

#include "client/commands.hpp"

namespace company_backup::client {
namespace {

struct Options {
  std::string company;
  int64_t backup = 0;
  std::optional<std::string> mode, ids, on_error, on_conflict, on_missing_shared, schema_drift;
  std::optional<std::string> actor;
  bool include_files = false;
};

int run(const ConnectionOptions& where, const Options& options) {
  std::vector<Argument> arguments = {{"company", text_parameter(options.company)},
                                     {"backup", bigint_parameter(options.backup)}};
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) arguments.push_back({name, text_parameter(*value)});
  };
  add("mode", options.mode);
  add("ids", options.ids);
  if (options.include_files) arguments.push_back({"include_files", boolean_parameter(true)});
  add("on_error", options.on_error);
  add("on_conflict", options.on_conflict);
  add("on_missing_shared", options.on_missing_shared);
  add("schema_drift", options.schema_drift);
  add("actor", options.actor);
  Connection connection(where);
  std::cout << connection.call("restore_company", arguments).text(0, 0) << '\n';
  return kDone;
}

}  // namespace

Command add_restore(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "restore", "Brings a company back to what a backup holds and prints the ID of the restore");
  auto options = std::make_shared<Options>();
  command->add_option("COMPANY", options->company, "Key of the company")->required()->type_name("");
  add_backup_argument(*command, options->backup)->required();
  add_choice(*command, "--mode", options->mode,
             "Make the company what the backup holds, or only add to it", {"replace", "merge"});
  add_choice(*command, "--ids", options->ids, "Keep the IDs of the backup or give new ones",
             {"auto", "keep", "remap"});
  command->add_flag("--include-files", options->include_files, "Restore files, too");
  add_choice(*command, "--on-error", options->on_error,
             "Rows that cannot be written: fail, or leave them out", {"abort", "skip"});
  add_choice(*command, "--on-conflict", options->on_conflict,
             "Rows whose unique values are taken: fail, or keep what is there",
             {"error", "keep_existing"});
  command
      ->add_option("--on-missing-shared", options->on_missing_shared,
                   "What to do when a shared row of the backup is not in the database (refuse)")
      ->type_name("WORD");
  add_choice(*command, "--schema-drift", options->schema_drift,
             "If the tables have changed since the backup: fail, or take what fits",
             {"refuse", "adapt"});
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  add_connection_options(*command, connection);
  command->footer(
      "The restore can be looked at and taken back: SELECT keep_restore(ID) or revert_restore(ID)\n"
      "ends its review.\n"
      "Example: company-backup restore acme 42 -d shop");
  return {command, [&connection, options] { return run(connection, *options); }};
}

}  // namespace company_backup::client
