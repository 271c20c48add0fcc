// init: sets up the scope, by questions, or with what is sure.

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "client/base/files.hpp"
#include "client/base/printable.hpp"
#include "client/base/signals.hpp"
#include "client/commands/answers.hpp"
#include "client/commands/interview.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

struct InitOptions {
  std::optional<std::string> accept;
  std::string output = "company_backup_rules.sql";
  bool yes = false;
};

// Where the file goes.
struct Target {
  std::unique_ptr<OutputFile> file;
  std::string path;
  std::string before;  // what is in it and stays
};

bool file_exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

std::string content_of(const std::string& path) {
  std::string content = InputFile(path).content();
  if (!content.empty() && content.back() != '\n') content += '\n';
  return content.empty() ? content : content + '\n';
}

void print_refused(const Setup::Outlook& outlook) {
  if (!outlook.refused.empty()) print_message(outlook.refused);
}

// How the scope is with the rules: what it lacks, and the exit code.
struct Ending {
  int code = kFailure;
  std::string open;    // what is left open, in short lines
  std::string in_all;  // in a sentence
};

Ending ending_of(Setup& setup) {
  const Setup::Outlook& outlook = setup.look();
  print_refused(outlook);
  const std::optional<Result> findings = setup.check();
  Ending ending;
  if (!findings) {
    ending.open = outlook.no_scope + '\n';
    for (const Proposal& proposal : outlook.proposals) ending.open += compact_line(proposal);
    ending.in_all = "No company table has been chosen.\n";
    return ending;
  }
  std::ostringstream open;
  print_compactly(open, *findings, outlook.proposals);
  ending.open = open.str();
  if (!has_error(*findings)) ending.code = kDone;
  ending.in_all = !asks_anything(*findings)
                      ? "The scope is settled: every table and column has been decided.\n"
                      : "Left open: " + counted(*findings) + ".\n";
  return ending;
}

std::string statements_of(const Setup& setup) {
  const size_t count = setup.accepted().size();
  return std::to_string(count) + (count == 1 ? " statement" : " statements");
}

void save(Setup& setup, Target& target, bool apply) {
  const auto write = [&] {
    target.file->write(target.before + setup.sql());
    target.file->commit();
  };
  if (apply) {
    setup.apply(write);
  } else {
    write();
  }
}

// Without questions ----------------------------------------------------------------------------

// Accepts what is proposed with this confidence, but for what was `seen` before. Was there any?
bool accept_those(Setup& setup, const char* confidence, std::set<std::string>& seen) {
  const Setup::Outlook& outlook = setup.look();
  print_refused(outlook);
  bool more = false, has_company_table = false;
  for (const Proposal& proposal : outlook.proposals) {
    const StatementKind kind = kind_of(proposal.statement);
    if (proposal.confidence != confidence || kind == StatementKind::kOther) continue;
    if (!proposal.is_only_choice) continue;
    if (kind == StatementKind::kCompanyTable && std::exchange(has_company_table, true)) continue;
    if (!seen.insert(proposal.statement).second) continue;
    setup.accept(proposal);
    more = true;
  }
  return more;
}

// Until there is nothing more. What is only likely the confident ones may have answered.
void accept_unasked(Setup& setup, const std::string& least) {
  std::set<std::string> seen;
  while (accept_those(setup, kConfident, seen) ||
         (is_accepted(kLikely, least) && accept_those(setup, kLikely, seen))) {
  }
}

int run_unasked(Setup& setup, const InitOptions& options) {
  accept_unasked(setup, *options.accept);
  const Ending ending = ending_of(setup);
  std::string done =
      ending.open.empty() ? "" : "Nothing was applied: no proposal is " + *options.accept + ".\n";
  if (!setup.accepted().empty()) {
    if (file_exists(options.output) && !options.yes) {
      throw Error("58P02", "nothing was applied: file \"" + options.output + "\" already exists")
          .hint("Name another file with -o, or overwrite it with --yes.");
    }
    Target target{std::make_unique<OutputFile>(options.output, options.yes), options.output, ""};
    save(setup, target, true);
    done = "Applied " + statements_of(setup) + "; they are in " + options.output + ".\n";
  }
  const std::string told = ending.open + done + ending.in_all;
  if (options.output == "-") {
    print_message(told.substr(0, told.size() - 1));
  } else {
    std::cout << told;
  }
  return ending.code;
}

// With questions -------------------------------------------------------------------------------

enum class IfExists { kOverwrite, kAdd, kOther };

IfExists ask_if_exists(Terminal& terminal, const std::string& path) {
  for (;;) {
    const auto answer = terminal.ask("File \"" + path +
                                     "\" exists. yes: overwrite it, add: add to its end, no: "
                                     "another file: ");
    if (!answer || *answer == "no" || *answer == "n") return IfExists::kOther;
    if (*answer == "yes" || *answer == "y") return IfExists::kOverwrite;
    if (*answer == "add" || *answer == "a") return IfExists::kAdd;
  }
}

// The file of this name, unless it exists and the person wants another, or it cannot be written.
std::optional<Target> open_target(Terminal& terminal, const std::string& path, bool overwrite) {
  Target target{nullptr, path, ""};
  try {
    if (file_exists(path) && !overwrite) {
      const IfExists wish = ask_if_exists(terminal, path);
      if (wish == IfExists::kOther) return std::nullopt;
      if (wish == IfExists::kAdd) target.before = content_of(path);
      overwrite = true;
    }
    target.file = std::make_unique<OutputFile>(path, overwrite);
  } catch (const Error& error) {
    check_interrupted();
    terminal.print(error.message() + '\n');
    return std::nullopt;
  }
  return target;
}

// No file: the person does not want one.
std::optional<Target> ask_target(Terminal& terminal, const InitOptions& options) {
  std::string path = options.output;
  for (;;) {
    std::optional<Target> target = open_target(terminal, path, options.yes);
    if (target) return target;
    const auto answer = terminal.ask("The name of another file (nothing: no file): ");
    if (!answer || answer->empty()) return std::nullopt;
    path = *answer;
  }
}

enum class Wish { kApply, kWrite, kNothing };

Wish ask_wish(Terminal& terminal, const Setup& setup, const InitOptions& options) {
  if (options.yes) return Wish::kApply;
  for (;;) {
    const auto answer =
        terminal.ask("Apply " + statements_of(setup) +
                     "? yes: apply them and write the file, file: only write the file, no: "
                     "neither: ");
    if (!answer || *answer == "no" || *answer == "n") return Wish::kNothing;
    if (*answer == "yes" || *answer == "y") return Wish::kApply;
    if (*answer == "file" || *answer == "f") return Wish::kWrite;
  }
}

// What an init that did not come to its end was told already.
void take_up(Terminal& terminal, Setup& setup, Answers& answers) {
  const auto left = answers.left();
  if (!left) return;
  const std::string count =
      std::to_string(left->size()) + (left->size() == 1 ? " answer" : " answers");
  for (;;) {
    const auto answer =
        terminal.ask("File \"" + answers.path() + "\" has " + count +
                     " of an init that did not come to its end. yes: go on from there, no: begin "
                     "anew: ");
    check_interrupted();
    if (!answer || *answer == "no" || *answer == "n") return;
    if (*answer == "yes" || *answer == "y") break;
  }
  for (const Proposal& statement : *left) setup.accept(statement);
}

int ask_and_save(Terminal& terminal, Setup& setup, Connection& connection,
                 const InitOptions& options) {
  Interview(terminal, setup, connection).run();
  const Ending ending = ending_of(setup);
  terminal.print('\n' + ending.in_all);
  if (ending.code != kDone) terminal.print("\"company-backup check\" lists what is left open.\n");
  if (setup.accepted().empty()) return ending.code;
  const Wish wish = ask_wish(terminal, setup, options);
  std::optional<Target> target;
  if (wish != Wish::kNothing) target = ask_target(terminal, options);
  if (!target) {
    terminal.print("Nothing was changed.\n");
    return kFailure;
  }
  save(setup, *target, wish == Wish::kApply);
  terminal.print((wish == Wish::kApply ? "Applied " : "Not applied: ") + statements_of(setup) +
                 "; file \"" + target->path + "\" has them.\n");
  return wish == Wish::kApply ? ending.code : kFailure;
}

int run_asked(Terminal& terminal, Setup& setup, Connection& connection,
              const InitOptions& options) {
  Answers answers(options.output, terminal);
  take_up(terminal, setup, answers);
  setup.on_accept([&](const std::string& sql) { answers.keep(sql); });
  try {
    const int code = ask_and_save(terminal, setup, connection, options);
    answers.remove();
    return code;
  } catch (...) {
    if (answers.exist()) {
      print_message("The answers are in file \"" + answers.path() +
                    "\": run \"company-backup init\" again to go on from there, or run the file.");
    }
    throw;
  }
}

int run_init(const ConnectionOptions& where, const InitOptions& options) {
  Terminal terminal;
  if (!options.accept && !terminal.exists()) {
    print_message(
        "company-backup: error: there is no terminal to ask on\n"
        "Give --accept confident to accept what is sure without being asked, or use "
        "\"company-backup rules\".\nTry \"company-backup init --help\".");
    return kUsage;
  }
  Connection connection(where);
  Setup setup(connection);
  return options.accept ? run_unasked(setup, options)
                        : run_asked(terminal, setup, connection, options);
}

}  // namespace

Command add_init(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command =
      app.add_subcommand("init", "Asks about the tables what is undecided, and sets the rules");
  auto options = std::make_shared<InitOptions>();
  add_accept_option(
      *command, options->accept,
      "Do not ask: apply what is at least LEVEL, confident or likely, and print the rest");
  command
      ->add_option("-o,--output", options->output,
                   "File for the statements; without it company_backup_rules.sql")
      ->type_name("FILE");
  command->add_flag("--yes", options->yes,
                    "Apply without asking once more, and overwrite the file if it exists");
  add_connection_options(*command, connection);
  command->footer(
      "First: which table has the companies? Then what the foreign keys leave open, each question\n"
      "with a proposed statement and what speaks for it. Nothing is changed before the end; then\n"
      "all statements are applied, or none. Keep the file with your migrations.\n"
      "The exit code is 1 if errors are left open.\n"
      "Example: company-backup init -d shop");
  return {command, [&connection, options] { return run_init(connection, *options); }};
}

}  // namespace company_backup::client
