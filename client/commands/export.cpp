// export BACKUP | --company COMPANY | --token FILE: writes an archive to a file.

#include <unistd.h>

#include <memory>
#include <optional>

#include "client/base/files.hpp"
#include "client/base/progress.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/token.hpp"
#include "core/archive/archive_reader.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

struct ExportOptions {
  int64_t backup = 0;  // 0: none
  std::optional<std::string> company;
  std::optional<std::string> token;  // the file that holds it
  std::string output = "-";
  bool include_files = false;
  bool force = false;
};

// How far an archive has come, in bytes of rows and files: its manifest, the first entry, says how
// many follow.
class ArchiveProgress : public ArchiveSink {
 public:
  ArchiveProgress() : progress_("Exporting", 0), reader_(*this, patient_limits()) {}

  void feed(std::string_view bytes) {
    if (progress_.shown()) reader_.feed(bytes);
  }

  void manifest(const Manifest& manifest) override {
    uint64_t total = total_files(manifest).bytes;
    for (const ManifestTable& table : manifest.tables) total += table.bytes;
    for (const ManifestTable& table : manifest.shared) total += table.bytes;
    progress_.set_total(total);
  }
  void begin_table(Section, std::size_t) override {}
  void lines(std::string_view piece) override { progress_.add(piece.size()); }
  void end_table() override {}
  void begin_file(const FileEntry&) override {}
  void file_data(std::string_view piece) override { progress_.add(piece.size()); }
  void end_file() override {}

 private:
  Progress progress_;
  ArchiveReader reader_;
};

int run_export(const ConnectionOptions& where, const ExportOptions& options) {
  if (options.output == "-" && isatty(STDOUT_FILENO)) {
    throw Error(sqlstate::kInvalidParameter, "an archive cannot be written to a terminal")
        .hint("Name a file with -o.");
  }
  Connection connection(where);
  OutputFile file(options.output, options.force);
  ArchiveProgress progress;
  const auto sink = [&](std::string_view bytes) {
    file.write(bytes);
    progress.feed(bytes);
  };
  if (options.company) {
    connection.copy_data("stream_backup",
                         "company => " + connection.literal(*options.company) +
                             ", include_files => " + (options.include_files ? "true" : "false"),
                         sink);
  } else if (options.token) {
    const Result transfer =
        connection.call("redeem_download", {{"token", text_parameter(read_token(*options.token))}});
    connection.copy_data("read_transfer", "transfer => " + connection.literal(transfer.text(0, 0)),
                         sink);
  } else {
    connection.copy_data("read_backup", "backup => " + Connection::literal(options.backup), sink);
  }
  file.commit();
  return kDone;
}

}  // namespace

Command add_export(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand("export",
                                         "Writes a backup, or a company as it is now, "
                                         "to an archive file (.tar.gz)");
  auto options = std::make_shared<ExportOptions>();
  CLI::Option* backup = add_backup_argument(*command, options->backup);
  CLI::Option* company =
      command
          ->add_option("--company", options->company,
                       "Instead of a backup: the company as it is now; the database stores nothing")
          ->type_name("COMPANY")
          ->excludes(backup);
  CLI::Option* token = add_token_option(*command, options->token, "a backup");
  token->excludes(backup)->excludes(company);
  command
      ->add_flag("--include-files", options->include_files,
                 "With --company: the company's files, too")
      ->needs(company);
  command
      ->add_option("-o,--output", options->output,
                   "File to write; \"-\" or nothing: standard output")
      ->type_name("FILE");
  command->add_flag("--force", options->force, "Overwrite the file if it exists");
  add_connection_options(*command, connection);
  command->final_callback([backup, company, token] {
    if (backup->count() + company->count() + token->count() == 0) {
      throw CLI::RequiredError("BACKUP, --company or --token");
    }
  });
  command->footer(
      "The file appears under its name only when it is complete. Only you can read it: it holds\n"
      "the company's data. A token, of request_download(), works once.\n"
      "Example: company-backup export 42 -o acme.tar.gz -d shop");
  return {command, [&connection, options] { return run_export(connection, *options); }};
}

}  // namespace company_backup::client
