// restore COMPANY BACKUP: brings a company back to what a backup holds.

#include <iostream>
#include <memory>
#include <sstream>

#include "client/base/output.hpp"
#include "client/base/terminal.hpp"
#include "client/commands/restore_options.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

constexpr const char* kWord = "RESTORE";

struct RestoreCommand {
  RestoreOptions restore;
  bool yes = false;
  bool json = false;
};

// Shows what would happen and asks. Throws Error unless the answer is the word.
void confirm(Terminal& terminal, Connection& connection, const RestoreOptions& restore) {
  std::ostringstream text;
  print_preview(text, connection.call("preview_restore", restore.arguments()), restore, false);
  text << "Type " << kWord << " to restore company " << printable(restore.company)
       << " from backup " << restore.backup << ": ";
  if (terminal.ask(text.str()) == kWord) return;
  throw Error("57014", std::string("nothing was restored: the word was not ") + kWord);
}

void print_next(const std::string& id) {
  print_message(
      "The restore is in review. Look at the company, then choose:\n  company-backup keep " + id +
      "      the result stays\n  company-backup revert " + id +
      "    the company becomes what it was before");
}

int run_restore(const ConnectionOptions& where, const RestoreCommand& options) {
  Terminal terminal;
  if (!options.yes && !terminal.exists()) {
    throw Error("57014", "nothing was restored: there is no terminal to ask on")
        .hint("Give --yes to restore without being asked.");
  }
  Connection connection(where);
  if (!options.yes) confirm(terminal, connection, options.restore);
  const Result restored = connection.call("restore_company", options.restore.arguments());
  const std::string id(restored.text(0, 0));
  if (options.json) {
    print_json(std::cout, {{"restore", std::stoll(id)}, {"status", "review"}});
  } else {
    std::cout << id << std::endl;
  }
  print_next(id);
  return kDone;
}

}  // namespace

Command add_restore(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "restore", "Brings a company back to what a backup holds and prints the ID of the restore");
  auto options = std::make_shared<RestoreCommand>();
  options->restore.add_to(*command);
  command->add_flag("--yes", options->yes, "Do not show a preview, and do not ask");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "Shows what would change and asks for a word on the terminal. Afterwards the restore is in\n"
      "review: \"keep\" ends it, \"revert\" takes the restore back.\n"
      "Example: company-backup restore acme 42 -d shop");
  return {command, [&connection, options] { return run_restore(connection, *options); }};
}

}  // namespace company_backup::client
