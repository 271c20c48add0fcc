// jobs [COMPANY]: work in the background, and how far it is.

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "client/base/output.hpp"
#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

struct JobsOptions {
  std::optional<std::string> company;
  bool json = false;
};

// For a person: without what is too long for a column.
Table short_table(const Result& jobs) {
  constexpr const char* kLeftOut[] = {"result", "detail", "hint"};
  const Table all = to_table(jobs);
  Table table;
  table.rows.resize(all.rows.size());
  for (size_t column = 0; column < all.columns.size(); ++column) {
    if (std::ranges::find(kLeftOut, all.columns[column].name) != std::end(kLeftOut)) continue;
    table.columns.push_back(all.columns[column]);
    for (size_t row = 0; row < all.rows.size(); ++row) {
      table.rows[row].push_back(all.rows[row][column]);
    }
  }
  return table;
}

int run_jobs(const ConnectionOptions& where, const JobsOptions& options) {
  Connection connection(where);
  const Result jobs =
      connection.call("company_jobs", {{"company", optional_text(options.company)}});
  if (options.json) {
    print_json(std::cout, to_json(jobs));
  } else {
    print_table(std::cout, short_table(jobs), "There are no jobs.");
  }
  return kDone;
}

}  // namespace

Command add_jobs(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "jobs", "Lists work in the background, and what is at work now, with how far it is");
  auto options = std::make_shared<JobsOptions>();
  command->add_option("COMPANY", options->company, "Only those of this company")->type_name("");
  command->add_flag("--json", options->json, "Print JSON, with results and with details of errors");
  add_connection_options(*command, connection);
  command->footer("Example: company-backup jobs acme -d shop");
  return {command, [&connection, options] { return run_jobs(connection, *options); }};
}

}  // namespace company_backup::client
