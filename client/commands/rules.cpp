// rules: the statements that would settle what is undecided, to review and to run.

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/proposals.hpp"

namespace company_backup::client {
namespace {

struct RulesOptions {
  std::optional<std::string> accept;
  bool json = false;
};

bool sets_company_table(const Proposal& proposal) {
  return kind_of(proposal.statement) == StatementKind::kCompanyTable;
}

// What the file begins with. Only candidates for the company table: everything else that is to be
// asked depends on it.
std::string head_of(const std::vector<Proposal>& proposals) {
  std::string head = sql_comment("Proposals of company-backup: read and correct them, then run");
  head += sql_comment("  psql -v ON_ERROR_STOP=1 -f FILE");
  if (std::all_of(proposals.begin(), proposals.end(), sets_company_table)) {
    head += sql_comment("Candidates for the company table: choose one and run it.");
    head += sql_comment("\"company-backup rules\" then proposes the rest.");
  }
  return head;
}

// There is only one company table: of several candidates the first is active.
void print_statements(const std::vector<Proposal>& proposals,
                      const std::optional<std::string>& accept) {
  std::string statements;
  bool has_company_table = false;
  for (const Proposal& proposal : proposals) {
    bool active = proposal.is_only_choice && is_accepted(proposal.confidence, accept);
    if (sets_company_table(proposal)) {
      active = active && !has_company_table;
      has_company_table = has_company_table || active;
    }
    statements += (active ? sql_of(proposal) : commented_sql_of(proposal)) + '\n';
  }
  std::cout << sql_file(head_of(proposals), statements);
}

// Throws ServerError if no company table has been set.
void print_nothing(Connection& connection) {
  const Result findings = connection.call("check_company_scope");
  std::cout << sql_comment(!asks_anything(findings) ? "Nothing is undecided."
                                                    : "No statement settles what is undecided: see "
                                                      "\"company-backup check\".");
}

int run_rules(const ConnectionOptions& where, const RulesOptions& options) {
  Connection connection(where);
  if (options.json) {
    print_json(std::cout, to_json(connection.call("propose_company_rules")));
    return kDone;
  }
  const std::vector<Proposal> proposals = fetch_proposals(connection);
  if (proposals.empty()) {
    print_nothing(connection);
  } else {
    print_statements(proposals, options.accept);
  }
  return kDone;
}

}  // namespace

Command add_rules(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "rules", "Proposes the SQL statements that settle what is undecided about the tables");
  auto options = std::make_shared<RulesOptions>();
  CLI::Option* accept = add_accept_option(
      *command, options->accept,
      "Leave active only what is at least LEVEL, confident or likely; the rest become comments");
  command->add_flag("--json", options->json, "Print JSON")->excludes(accept);
  add_connection_options(*command, connection);
  command->footer(
      "Nothing is changed. Each statement comes with its confidence (confident, likely, guess) "
      "and\n"
      "what speaks for it. Read and correct them, and run them with psql: all or none is applied.\n"
      "\"init\" asks about them instead.\n"
      "Example: company-backup rules --accept confident -d shop > rules.sql");
  return {command, [&connection, options] { return run_rules(connection, *options); }};
}

}  // namespace company_backup::client
