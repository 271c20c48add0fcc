// create BACKUP: makes a new company from a backup.

#include <iostream>
#include <memory>
#include <optional>

#include "client/commands.hpp"
#include "client/output.hpp"

namespace company_backup::client {
namespace {

struct Options {
  int64_t backup = 0;
  std::vector<std::string> attributes;  // name=value
  std::optional<std::string> ids, actor;
};

// Names and values as a JSON object; CLI11 has checked the form of each.
std::string attributes_json(const std::vector<std::string>& attributes) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const std::string& attribute : attributes) {
    const size_t equals = attribute.find('=');
    json[attribute.substr(0, equals)] = attribute.substr(equals + 1);
  }
  return json.dump();
}

std::string check_attribute(const std::string& attribute) {
  const size_t equals = attribute.find('=');
  if (equals != std::string::npos && equals > 0) return "";
  return "an attribute has the form name=value, not \"" + attribute + "\"";
}

int run(const ConnectionOptions& where, const Options& options) {
  std::vector<Argument> arguments = {{"backup", bigint_parameter(options.backup)}};
  if (!options.attributes.empty()) {
    arguments.push_back({"attributes", jsonb_parameter(attributes_json(options.attributes))});
  }
  if (options.ids) arguments.push_back({"ids", text_parameter(*options.ids)});
  if (options.actor) arguments.push_back({"actor", text_parameter(*options.actor)});
  Connection connection(where);
  std::cout << connection.call("create_company_from_backup", arguments).text(0, 0) << '\n';
  return kDone;
}

}  // namespace

Command add_create(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command =
      app.add_subcommand("create", "Makes a new company from a backup and prints its key");
  auto options = std::make_shared<Options>();
  add_backup_argument(*command, options->backup)->required();
  command
      ->add_option("--attribute", options->attributes,
                   "A column of the new company's row and its value; may be given several times")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE")
      ->check(check_attribute);
  add_choice(*command, "--ids", options->ids, "Keep the IDs of the backup or give new ones",
             {"auto", "keep", "remap"});
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  add_connection_options(*command, connection);
  command->footer("Example: company-backup create 42 --attribute name=\"Acme copy\" -d shop");
  return {command, [&connection, options] { return run(connection, *options); }};
}

}  // namespace company_backup::client
