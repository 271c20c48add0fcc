// import FILE: uploads an archive; the server checks it and makes a backup of it.

#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>

#include "client/base/files.hpp"
#include "client/base/output.hpp"
#include "client/base/progress.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/token.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

constexpr size_t kPartSize = 1 << 20;

struct ImportOptions {
  std::string file;
  std::optional<std::string> company;
  std::optional<std::string> token;  // the file that holds it
};

// The functions that take an upload, and what tells them which one.
struct Upload {
  const char* append;
  const char* finish;
  Argument which;
};

Upload begin(Connection& connection, const ImportOptions& options) {
  if (options.token) {
    const Result transfer =
        connection.call("redeem_upload", {{"token", text_parameter(read_token(*options.token))}});
    return {"append_transfer",
            "finish_transfer",
            {"transfer", text_parameter(std::string(transfer.text(0, 0)))}};
  }
  const Result id = connection.call("begin_upload", {{"company", optional_text(options.company)}});
  return {"append_upload",
          "finish_upload",
          {"upload", bigint_parameter(std::stoll(std::string(id.text(0, 0))))}};
}

// The parts are appended one by one, each in a transaction of its own. Should that end early, the
// server is left with an unfinished upload, which is no backup.
int run_import(const ConnectionOptions& where, const ImportOptions& options) {
  InputFile file(options.file);
  Connection connection(where);
  const Upload upload = begin(connection, options);
  {
    Progress progress("Uploading", file.size());
    std::string buffer(kPartSize, '\0');
    for (int32_t seq = 0;; ++seq) {
      const std::string_view part = file.read(buffer);
      if (!part.empty()) connection.append(upload.append, upload.which, seq, part);
      progress.add(part.size());
      if (part.size() < kPartSize) break;
    }
  }
  const Result finished = connection.call(upload.finish, {upload.which});
  std::cout << finished.text(0, 0) << '\n';
  return kDone;
}

}  // namespace

Command add_import(CLI::App& app, ConnectionOptions& connection) {
  CLI::App* command = app.add_subcommand(
      "import", "Uploads an archive, lets the server check it, and prints the ID of the backup");
  auto options = std::make_shared<ImportOptions>();
  command->add_option("FILE", options->file, "Archive (.tar.gz); \"-\": standard input")
      ->required()
      ->type_name("");
  CLI::Option* company =
      command
          ->add_option(
              "--company", options->company,
              "Company that the archive is for; without it, a company can be created from it")
          ->type_name("COMPANY");
  add_token_option(*command, options->token, "a company")->excludes(company);
  add_connection_options(*command, connection);
  command->final_callback([options] {
    if (options->file == "-" && options->token == "-") {
      throw CLI::ValidationError("the archive and the token cannot both be standard input");
    }
  });
  command->footer(
      "No company is changed. The server refuses an archive that is damaged, or signed neither by\n"
      "this database nor by one that its owner trusts. A token, of request_upload(), works once "
      "and\n"
      "says for which company.\n"
      "Example: company-backup import acme.tar.gz --company acme -d shop");
  return {command, [&connection, options] { return run_import(connection, *options); }};
}

}  // namespace company_backup::client
