// plan COMPANY BACKUP, plan --new BACKUP: which IDs would stay and which would be new.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct PlanOptions {
  std::optional<std::string> company;
  int64_t backup = 0;
  bool json = false;
};

int run_plan(const ConnectionOptions& where, const PlanOptions& options) {
  Connection connection(where);
  const Result plan = connection.call("plan_ids", {{"company", optional_text(options.company)},
                                                   {"backup", bigint_parameter(options.backup)}});
  print_result(std::cout, plan, options.json, "The tables of the backup have no keys.");
  return kDone;
}

}  // namespace

Command add_plan(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "plan", "Shows which IDs a restore would keep, and which it would renew; changes nothing");
  auto options = std::make_shared<PlanOptions>();
  CLI::Option* company =
      command->add_option("COMPANY", options->company, "Key of the company")->type_name("");
  CLI::Option* backup = add_backup_argument(*command, options->backup);
  CLI::Option* for_new =
      add_backup_option(*command, "--new", options->backup,
                        "Instead of COMPANY and BACKUP: for a new company made from this backup");
  for_new->excludes(company)->excludes(backup);
  command->add_flag("--json", options->json, "Print JSON");
  add_connection_options(*command, connection);
  command->final_callback([company, backup, for_new] {
    if (for_new->count() > 0) return;
    if (company->count() == 0) throw CLI::RequiredError("COMPANY or --new");
    if (backup->count() == 0) throw CLI::RequiredError("BACKUP");
  });
  command->footer("Example: company-backup plan acme 42 -d shop");
  return {command, [&connection, options] { return run_plan(connection, *options); }};
}

}  // namespace company_backup::client
