// check [COMPANY]: is the scope settled, and are the company's references right?

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/proposals.hpp"

namespace company_backup::client {
namespace {

struct CheckOptions {
  std::optional<std::string> company;
  bool ci = false;
  bool json = false;
};

// Findings are sentences and statements: too long for columns.
void print_findings(const Result& findings) {
  for (int row = 0; row < findings.rows(); ++row) {
    std::cout << printable(findings.text(row, "severity")) << "  "
              << printable(findings.text(row, "object")) << ": "
              << printable(findings.text(row, "problem")) << '\n';
    const std::string_view hint = findings.text(row, "hint");
    if (!hint.empty()) std::cout << "    " << printable(hint) << '\n';
  }
}

// A notice says what there is to know, and asks nothing.
constexpr const char* kSettled = "The scope is settled: every table and column has been decided.\n";

void print_scope(const Result& findings) {
  print_findings(findings);
  if (!has_error(findings)) {
    std::cout << kSettled;
  }
}

nlohmann::ordered_json statements_json(const std::vector<Proposal>& proposals) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const Proposal& proposal : proposals) {
    array.push_back({{"statement", proposal.statement},
                     {"confidence", proposal.confidence},
                     {"evidence", proposal.evidence}});
  }
  return array;
}

// For a log: what is undecided, and all statements that settle it. They are printed, too, where the
// server cannot say what is undecided, because no company table has been set.
int run_ci(Connection& connection, bool json) {
  const std::vector<Proposal> proposals = fetch_proposals(connection);
  std::optional<Result> scope;
  try {
    scope = connection.call("check_company_scope");
  } catch (const ServerError&) {
    for (const Proposal& proposal : proposals) std::cout << compact_line(proposal);
    throw;
  }
  if (json) {
    print_json(std::cout, {{"scope", to_json(*scope)}, {"statements", statements_json(proposals)}});
  } else if (!asks_anything(*scope)) {
    std::cout << kSettled;
  } else {
    print_compactly(std::cout, *scope, proposals);
    std::cout << "Undecided: " << counted(*scope)
              << ". Correct the statements, and add them to the migration.\n";
  }
  return has_error(*scope) ? kFailure : kDone;
}

int run_check(const ConnectionOptions& where, const CheckOptions& options) {
  Connection connection(where);
  if (options.ci) return run_ci(connection, options.json);
  const Result scope = connection.call("check_company_scope");
  if (!options.json) print_scope(scope);
  bool good = !has_error(scope);
  nlohmann::ordered_json json = {{"scope", to_json(scope)}};
  if (options.company) {
    const Result data =
        connection.call("check_company_data", {{"company", text_parameter(*options.company)}});
    good = good && data.rows() == 0;
    json["data"] = to_json(data);
    if (!options.json) {
      std::cout << '\n';
      print_table(std::cout, to_table(data), "Every reference of the company is right.");
    }
  }
  if (options.json) print_json(std::cout, json);
  return good ? kDone : kFailure;
}

}  // namespace

Command add_check(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "check", "Shows what is undecided about the tables, and references that are wrong");
  auto options = std::make_shared<CheckOptions>();
  CLI::Option* company =
      command
          ->add_option(
              "COMPANY", options->company,
              "Also look for references of this company that lead nowhere or to another one")
          ->type_name("");
  command
      ->add_flag("--ci", options->ci,
                 "For the log of a build: all findings in short, then all statements")
      ->excludes(company);
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "The exit code is 1 if there is an error in the scope or a wrong reference.\n"
      "\"check --ci\" tells what a migration has added and nobody has decided. It needs no rows: "
      "run\n"
      "it on a database to which only the migrations and the rules have been applied.\n"
      "Example: company-backup check acme -d shop");
  return {command, [&connection, options] { return run_check(connection, *options); }};
}

}  // namespace company_backup::client
