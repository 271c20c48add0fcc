// create BACKUP, create --template NAME: makes a new company from a backup or a template.

#include <memory>
#include <optional>

#include "client/commands/attributes.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct CreateOptions {
  int64_t backup = 0;
  std::optional<std::string> template_name, ids, actor;
  Attributes attributes;
  bool json = false;
};

int run_create(const ConnectionOptions& where, const CreateOptions& options) {
  std::vector<Argument> arguments;
  if (options.template_name) {
    arguments.push_back({"template", text_parameter(*options.template_name)});
  } else {
    arguments.push_back({"backup", bigint_parameter(options.backup)});
  }
  options.attributes.add_argument(arguments);
  if (options.ids) arguments.push_back({"ids", text_parameter(*options.ids)});
  if (options.actor) arguments.push_back({"actor", text_parameter(*options.actor)});
  Connection connection(where);
  const char* function =
      options.template_name ? "create_company_from_template" : "create_company_from_backup";
  print_new_company(connection.call(function, arguments), options.json);
  return kDone;
}

}  // namespace

Command add_create(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "create", "Makes a new company from a backup or a template and prints its key");
  auto options = std::make_shared<CreateOptions>();
  CLI::Option* backup = add_backup_argument(*command, options->backup);
  CLI::Option* name =
      command
          ->add_option("--template", options->template_name,
                       "Instead of a backup: a template; the company always gets new IDs")
          ->type_name("NAME")
          ->excludes(backup);
  options->attributes.add_to(*command);
  add_choice(*command, "--ids", options->ids, "Keep the IDs of the backup, or give rows new ones",
             {"auto", "keep", "remap"});
  command->get_option("--ids")->excludes(name);
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->final_callback([backup, name] {
    if (backup->count() + name->count() == 0) throw CLI::RequiredError("BACKUP or --template");
  });
  command->footer("Example: company-backup create 42 --set name=\"Acme copy\" -d shop");
  return {command, [&connection, options] { return run_create(connection, *options); }};
}

}  // namespace company_backup::client
