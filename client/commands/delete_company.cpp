// delete-company COMPANY: deletes a company for good, and shows the report of it.

#include <iostream>
#include <memory>
#include <optional>
#include <sstream>

#include "client/base/output.hpp"
#include "client/base/terminal.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/proof.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

struct DeleteOptions {
  std::string company;
  std::optional<std::string> confirm_name, actor;
  ProofOptions proof;
  bool final_backup = false;
  bool erase = false;
  bool json = false;
};

bool has_obstacles(const Result& preview) {
  for (int row = 0; row < preview.rows(); ++row) {
    if (!preview.text(row, "in_the_way").empty()) return true;
  }
  return false;
}

const char* what_stays(const DeleteOptions& options) {
  if (options.final_backup) return "A final backup stays for a while. ";
  if (options.erase) return "No backup brings anything of it back. ";
  return "";
}

// Shows what would go, and asks for the name. Throws Error if something stands in the way, or no
// name is typed; whether it is the right one, the server says.
std::string ask_name(Terminal& terminal, Connection& connection, const DeleteOptions& options) {
  const Result preview = connection.call(
      "preview_delete",
      {{"company", text_parameter(options.company)}, {"actor", optional_text(options.actor)}});
  std::ostringstream text;
  print_table(text, to_table(preview), "The company has no rows.");
  if (has_obstacles(preview)) {
    terminal.print(text.str());
    throw Error("55000", "nothing was deleted: something stands in the way")
        .hint("The last column of the table says what.");
  }
  text << "All of this goes, and cannot be taken back. " << what_stays(options)
       << "Type the company's name, exactly as it is, to delete company "
       << printable(options.company) << ": ";
  const std::optional<std::string> name = terminal.ask(text.str());
  if (name && !name->empty()) return *name;
  throw Error("57014", "nothing was deleted: no name was typed");
}

Result delete_company(Connection& connection, const DeleteOptions& options,
                      const std::string& confirm_name, const std::optional<std::string>& proof) {
  return connection.call("delete_company",
                         {{"company", text_parameter(options.company)},
                          {"confirm_name", text_parameter(confirm_name)},
                          {"final_backup", boolean_parameter(options.final_backup)},
                          {"erase", boolean_parameter(options.erase)},
                          {"proof", optional_text(proof)},
                          {"actor", optional_text(options.actor)}});
}

int run_delete(const ConnectionOptions& where, const DeleteOptions& options) {
  Terminal terminal;
  if (!options.confirm_name && !terminal.exists()) {
    throw Error("57014", "nothing was deleted: there is no terminal to ask on")
        .hint("Give --confirm-name to delete a company without being asked.");
  }
  std::optional<std::string> proof = options.proof.from_file();
  Connection connection(where);
  const std::string name =
      options.confirm_name ? *options.confirm_name : ask_name(terminal, connection, options);
  if (options.proof.ask) proof = ask_proof(terminal);
  const Result deleted = delete_company(connection, options, name, proof);
  const int64_t id = std::stoll(std::string(deleted.text(0, 0)));
  // Whatever becomes of the report.
  print_message("Company " + printable(options.company) + " was deleted. Report of deletion " +
                std::to_string(id) + ":");
  const Result report = connection.call(
      "deletion_report",
      {{"deletion", bigint_parameter(id)}, {"actor", optional_text(options.actor)}});
  if (options.json) {
    print_json(std::cout, {{"deletion", id}, {"report", to_json(report)}});
  } else {
    print_table(std::cout, to_table(report), "There was nothing to remove.");
  }
  return kDone;
}

}  // namespace

Command add_delete_company(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command =
      app.add_subcommand("delete-company", "Deletes a company and prints the report of it");
  auto options = std::make_shared<DeleteOptions>();
  command->add_option("COMPANY", options->company, "Key of the company")->required()->type_name("");
  command
      ->add_option("--confirm-name", options->confirm_name,
                   "Name of the company, exactly as it is: show no preview, and do not ask")
      ->type_name("NAME");
  CLI::Option* final_backup = command->add_flag("--final-backup", options->final_backup,
                                                "Make a backup first, which stays for a while");
  command
      ->add_flag("--erase", options->erase,
                 "Erase the company: no backup brings anything of it back, wherever it is kept")
      ->excludes(final_backup);
  options->proof.add_to(*command);
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "Shows what would go and what stands in the way, and asks for the company's name on the\n"
      "terminal. All rows of the company go, with its backups and all else that is stored of it.\n"
      "Example: company-backup delete-company acme --final-backup -d shop");
  return {command, [&connection, options] { return run_delete(connection, *options); }};
}

}  // namespace company_backup::client
