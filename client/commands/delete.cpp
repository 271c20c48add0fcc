// delete BACKUP: deletes a backup from the database.

#include <memory>

#include "client/commands/commands.hpp"

namespace company_backup::client {

Command add_delete(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command =
      app.add_subcommand("delete", "Deletes a backup from the database; the company stays");
  auto backup = std::make_shared<int64_t>(0);
  add_backup_argument(*command, *backup)->required();
  add_connection_options(*command, connection);
  command->footer("Example: company-backup delete 42 -d shop");
  return {command, [&connection, backup] {
            Connection(connection).call("delete_backup", {{"backup", bigint_parameter(*backup)}});
            return kDone;
          }};
}

}  // namespace company_backup::client
