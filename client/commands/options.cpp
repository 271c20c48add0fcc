#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/commands/commands.hpp"

namespace company_backup::client {
namespace {

// What is wrong with the text of an ID; empty: nothing.
std::function<std::string(const std::string&)> id_check(const std::string& what) {
  return [what](const std::string& text) {
    int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    const bool good = error == std::errc() && end == text.data() + text.size() && id > 0;
    return good ? std::string() : "\"" + text + "\" is not the ID of a " + what;
  };
}

CLI::Option* add_id(CLI::App& app, const char* name, const std::string& what, const char* command,
                    int64_t& value) {
  return app.add_option(name, value, "ID of the " + what + ", as \"" + command + "\" shows it")
      ->check(id_check(what))
      ->type_name("");
}

}  // namespace

void add_connection_options(CLI::App& app, ConnectionOptions& options) {
  constexpr const char* kGroup = "Connection";
  app.add_option("-h,--host", options.host, "Database server, or the folder of its socket")
      ->type_name("HOST")
      ->group(kGroup);
  app.add_option("-p,--port", options.port, "Port of the server")->type_name("PORT")->group(kGroup);
  app.add_option("-U,--username", options.user, "Database user")->type_name("USER")->group(kGroup);
  app.add_option("-d,--dbname", options.dbname, "Database, or a whole connection string")
      ->type_name("DATABASE")
      ->group(kGroup);
  auto* never = app.add_flag("-w,--no-password", options.never_ask, "Never ask for a password");
  auto* always = app.add_flag("-W,--password", options.always_ask, "Always ask for a password");
  never->group(kGroup)->excludes(always);
  always->group(kGroup);
}

CLI::Option* add_backup_argument(CLI::App& app, int64_t& backup) {
  return add_id(app, "BACKUP", "backup", "list", backup);
}

CLI::Option* add_backup_option(CLI::App& app, const std::string& name, int64_t& backup,
                               const std::string& description) {
  return app.add_option(name, backup, description)->check(id_check("backup"))->type_name("BACKUP");
}

CLI::Option* add_restore_argument(CLI::App& app, int64_t& restore) {
  return add_id(app, "RESTORE", "restore", "restores", restore);
}

CLI::Option* add_job_argument(CLI::App& app, int64_t& job) {
  return add_id(app, "JOB", "job", "jobs", job);
}

void add_row_arguments(CLI::App& app, std::string& target, std::string& key) {
  app.add_option("TARGET", target, "Table of the row")->required()->type_name("");
  app.add_option("KEY", key, "Key of the row; of several columns, a JSON array of their values")
      ->required()
      ->type_name("");
}

CLI::Option* add_choice(CLI::App& app, const std::string& name, std::optional<std::string>& value,
                        const std::string& description, const std::vector<std::string>& values) {
  return app.add_option(name, value, description)
      ->check(CLI::IsMember(values).description(""))
      ->type_name(CLI::detail::join(values, "|"));
}

}  // namespace company_backup::client
