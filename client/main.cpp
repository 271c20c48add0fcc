// company-backup: the command line of the extension company_backup.

#include <csignal>
#include <iostream>
#include <new>

#include "client/base/printable.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/help.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

void print_error(const Error& error) {
  print_message("company-backup: error: " + error.message());
  if (!error.detail().empty()) print_message("DETAIL:  " + error.detail());
  if (!error.hint().empty()) print_message("HINT:  " + error.hint());
}

int run_command(const Command& command) {
  try {
    const int code = command.run();
    std::cout.flush();
    if (!std::cout) throw Error("58030", "could not write the result to standard output");
    return code;
  } catch (const Error& error) {
    print_error(error);
  } catch (const std::bad_alloc&) {
    print_error(Error(sqlstate::kOutOfMemory, "out of memory"));
  } catch (const std::exception& error) {  // ServerError, and what the libraries throw
    print_message(error.what());
  }
  return kFailure;
}

int usage_error(const CLI::App& app, const CLI::ParseError& error) {
  std::string name = "company-backup";
  const auto chosen = app.get_subcommands();
  for (auto level = chosen; !level.empty(); level = level.front()->get_subcommands()) {
    name += " " + level.front()->get_name();
  }
  std::string problem = error.what();
  if (chosen.empty()) {
    const auto unknown = app.remaining();
    problem = unknown.empty() ? "a command is required"
                              : "unknown command or option \"" + unknown.front() + "\"";
  }
  print_message("company-backup: error: " + problem + "\nTry \"" + name + " --help\".");
  return kUsage;
}

int main_program(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(), with a message
  const PrintableStream printable_output(std::cout);

  CLI::App app(
      "Backs up, exports, checks, restores and deletes one company of a PostgreSQL\n"
      "database in which many companies share the same tables. The database needs the\n"
      "extension company_backup; only \"inspect\" and \"verify\" work without a server.",
      "company-backup");
  app.footer(
      "\"company-backup COMMAND --help\" explains a command. The usual environment\n"
      "variables (PGHOST, PGSERVICE, PGPASSFILE, ...) work, too.\n"
      "Exit codes: 0 done, 1 failure, 2 wrong usage.\n"
      "Example: company-backup backup acme -d shop");
  app.set_help_flag("-?,--help", "Print this help and exit");
  app.set_version_flag("-V,--version", "company-backup " COMPANY_BACKUP_VERSION,
                       "Print the version and exit");
  app.formatter(std::make_shared<HelpFormatter>());
  app.require_subcommand(1);

  ConnectionOptions connection;
  add_connection_options(app, connection);
  const Command commands[] = {
      add_init(app, connection),
      add_check(app, connection),
      add_rules(app, connection),
      add_contents(app, connection),
      add_backup(app, connection),
      add_list(app, connection),
      add_export(app, connection),
      add_import(app, connection),
      add_compare_schema(app, connection),
      add_preview(app, connection),
      add_restore(app, connection),
      add_restores(app, connection),
      add_keep(app, connection),
      add_revert(app, connection),
      add_create(app, connection),
      add_clone(app, connection),
      add_plan(app, connection),
      add_template(app, connection),
      add_delete(app, connection),
      add_delete_company(app, connection),
      add_find_in_backups(app, connection),
      add_erase_record(app, connection),
      add_jobs(app, connection),
      add_cancel_job(app, connection),
      add_inspect(app),
      add_verify(app),
  };
  for (const Command& command : commands) command.app->group("Commands");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);
    return usage_error(app, error);
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return run_command(command);
  }
  return kUsage;
}

}  // namespace
}  // namespace company_backup::client

int main(int argc, char** argv) {
  return company_backup::client::main_program(argc, argv);
}
