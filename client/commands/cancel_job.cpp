// cancel-job JOB: ends a job.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct CancelOptions {
  int64_t job = 0;
  std::optional<std::string> actor;
  bool json = false;
};

int run_cancel(const ConnectionOptions& where, const CancelOptions& options) {
  Connection connection(where);
  const Result answer = connection.call("cancel_job", {{"id", bigint_parameter(options.job)},
                                                       {"actor", optional_text(options.actor)}});
  const bool cancelled = answer.text(0, 0) == "t";
  if (options.json) {
    print_json(std::cout, {{"job", options.job}, {"cancelled", cancelled}});
  } else if (!cancelled) {
    print_message("Job " + std::to_string(options.job) + " has ended already.");
  }
  return cancelled ? kDone : kFailure;
}

}  // namespace

Command add_cancel_job(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand("cancel-job", "Ends a job; nothing of what it did stays");
  auto options = std::make_shared<CancelOptions>();
  add_job_argument(*command, options->job)->required();
  command->add_option("--actor", options->actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->footer(
      "The exit code is 1 if it has ended already.\n"
      "Example: company-backup cancel-job 7 -d shop");
  return {command, [&connection, options] { return run_cancel(connection, *options); }};
}

}  // namespace company_backup::client
