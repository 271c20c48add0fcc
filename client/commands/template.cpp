// template publish, template list, template drop: backups of which new companies are made.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct TemplateOptions {
  int64_t backup = 0;
  std::string name;
  std::optional<std::string> industry, description;
  bool json = false;
};

int publish(const ConnectionOptions& where, const TemplateOptions& options) {
  Connection connection(where);
  connection.call("publish_template", {{"backup", bigint_parameter(options.backup)},
                                       {"name", text_parameter(options.name)},
                                       {"industry", optional_text(options.industry)},
                                       {"description", optional_text(options.description)}});
  if (options.json) {
    print_json(std::cout, {{"template", options.name}, {"backup", options.backup}});
  }
  return kDone;
}

int list(const ConnectionOptions& where, const TemplateOptions& options) {
  Connection connection(where);
  print_result(std::cout, connection.call("company_templates"), options.json,
               "There are no templates.");
  return kDone;
}

int drop(const ConnectionOptions& where, const TemplateOptions& options) {
  Connection connection(where);
  connection.call("unpublish_template", {{"name", text_parameter(options.name)}});
  if (options.json) print_json(std::cout, {{"template", options.name}, {"status", "unpublished"}});
  return kDone;
}

void add_name(CLI::App& command, std::string& name, const char* description) {
  command.add_option("NAME", name, description)->required()->type_name("");
}

CLI::App* add_publish(CLI::App& app, TemplateOptions& options) {
  CLI::App* command = app.add_subcommand("publish", "Makes a backup a template");
  add_backup_argument(*command, options.backup)->required();
  add_name(*command, options.name, "Name of the template");
  command->add_option("--industry", options.industry, "For which kind of company it is")
      ->type_name("TEXT");
  command->add_option("--description", options.description, "What it holds")->type_name("TEXT");
  command->footer(
      "The backup cannot be deleted until the template is dropped.\n"
      "Example: company-backup template publish 42 bakery --industry food -d shop");
  return command;
}

CLI::App* add_list_of_templates(CLI::App& app) {
  CLI::App* command = app.add_subcommand("list", "Lists the templates");
  command->footer("Example: company-backup template list -d shop");
  return command;
}

CLI::App* add_drop(CLI::App& app, TemplateOptions& options) {
  CLI::App* command = app.add_subcommand("drop", "Makes a template an ordinary backup again");
  add_name(*command, options.name, "Name of the template, as \"template list\" shows it");
  command->footer(
      "The backup stays, and so do the companies that were made from it.\n"
      "Example: company-backup template drop bakery -d shop");
  return command;
}

}  // namespace

Command add_template(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "template", "Publishes, lists and drops templates, from which \"create\" makes companies");
  auto options = std::make_shared<TemplateOptions>();
  CLI::App* publishing = add_publish(*command, *options);
  CLI::App* listing = add_list_of_templates(*command);
  CLI::App* dropping = add_drop(*command, *options);
  for (CLI::App* each : {publishing, listing, dropping}) {
    each->group("Commands");
    each->add_flag("--json", options->json, "Print JSON");
    add_connection_options(*each, connection);
  }
  command->require_subcommand(1);
  add_connection_options(*command, connection);
  command->footer("Example: company-backup template list -d shop");
  return {command, [&connection, options, publishing, listing] {
            if (publishing->parsed()) return publish(connection, *options);
            return listing->parsed() ? list(connection, *options) : drop(connection, *options);
          }};
}

}  // namespace company_backup::client
