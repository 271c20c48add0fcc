// The commands. Each function adds its command to the command line and says how to run it; run()
// returns the exit code (0 done, 1 something to be looked at) or throws Error or ServerError.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/base/connection.hpp"

namespace company_backup::client {

inline constexpr int kDone = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;

struct Command {
  CLI::App* app;
  std::function<int()> run;
};

// -h, -p, -U, -d, -w and -W, for the program and for each command that talks to a server.
void add_connection_options(CLI::App& app, ConnectionOptions& options);

// A positive whole number: the id of a backup, of a restore, or of a job.
CLI::Option* add_backup_argument(CLI::App& app, int64_t& backup);
CLI::Option* add_backup_option(CLI::App& app, const std::string& name, int64_t& backup,
                               const std::string& description);
CLI::Option* add_restore_argument(CLI::App& app, int64_t& restore);
CLI::Option* add_job_argument(CLI::App& app, int64_t& job);

// TARGET and KEY: a row of a table.
void add_row_arguments(CLI::App& app, std::string& target, std::string& key);

// An option that takes one of a few words.
CLI::Option* add_choice(CLI::App& app, const std::string& name, std::optional<std::string>& value,
                        const std::string& description, const std::vector<std::string>& values);

Command add_init(CLI::App& app, ConnectionOptions& connection);
Command add_check(CLI::App& app, ConnectionOptions& connection);
Command add_rules(CLI::App& app, ConnectionOptions& connection);
Command add_contents(CLI::App& app, ConnectionOptions& connection);
Command add_backup(CLI::App& app, ConnectionOptions& connection);
Command add_list(CLI::App& app, ConnectionOptions& connection);
Command add_export(CLI::App& app, ConnectionOptions& connection);
Command add_import(CLI::App& app, ConnectionOptions& connection);
Command add_compare_schema(CLI::App& app, ConnectionOptions& connection);
Command add_preview(CLI::App& app, ConnectionOptions& connection);
Command add_restore(CLI::App& app, ConnectionOptions& connection);
Command add_restores(CLI::App& app, ConnectionOptions& connection);
Command add_keep(CLI::App& app, ConnectionOptions& connection);
Command add_revert(CLI::App& app, ConnectionOptions& connection);
Command add_create(CLI::App& app, ConnectionOptions& connection);
Command add_clone(CLI::App& app, ConnectionOptions& connection);
Command add_plan(CLI::App& app, ConnectionOptions& connection);
Command add_template(CLI::App& app, ConnectionOptions& connection);
Command add_delete_company(CLI::App& app, ConnectionOptions& connection);
Command add_delete(CLI::App& app, ConnectionOptions& connection);
Command add_find_in_backups(CLI::App& app, ConnectionOptions& connection);
Command add_erase_record(CLI::App& app, ConnectionOptions& connection);
Command add_jobs(CLI::App& app, ConnectionOptions& connection);
Command add_cancel_job(CLI::App& app, ConnectionOptions& connection);
Command add_inspect(CLI::App& app);
Command add_verify(CLI::App& app);

}  // namespace company_backup::client
