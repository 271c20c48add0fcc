// inspect FILE: what an archive says of itself. No server is needed.

#include <iostream>
#include <memory>
#include <optional>

#include "client/base/files.hpp"
#include "client/base/output.hpp"
#include "client/commands/commands.hpp"
#include "core/archive/archive_reader.hpp"
#include "core/text/error.hpp"
#include "core/text/table_name.hpp"

namespace company_backup::client {
namespace {

constexpr size_t kBufferSize = 64 << 10;

struct InspectOptions {
  std::string file;
  bool json = false;
};

// The manifest is the first entry: what follows need not be read.
class ManifestOnly : public NullSink {
 public:
  struct Found {};  // thrown to end the reading

  void manifest(const Manifest& manifest) override {
    found = manifest;
    throw Found();
  }

  Manifest found;
};

Manifest read_manifest(const std::string& path) {
  InputFile file(path);
  ManifestOnly sink;
  ArchiveReader reader(sink);
  std::string buffer(kBufferSize, '\0');
  try {
    for (;;) {
      const std::string_view piece = file.read(buffer);
      reader.feed(piece);
      if (piece.size() < kBufferSize) break;
    }
    reader.finish();
  } catch (const ManifestOnly::Found&) {
    return std::move(sink.found);
  }
  throw Error(sqlstate::kDamagedArchive, "the archive ends before its manifest does");
}

void print_fact(const char* name, std::string_view value) {
  if (value.empty()) return;
  std::string line = std::string(name) + ":";
  line.resize(17, ' ');
  std::cout << line << printable(value) << '\n';
}

std::string named(const std::string& key, const std::optional<std::string>& name) {
  return name ? key + " (" + *name + ")" : key;
}

void add_rows(Table& out, const std::vector<ManifestTable>& tables) {
  for (const ManifestTable& table : tables) {
    out.rows.push_back({table.area, table.name, to_text(table.treatment),
                        std::to_string(table.rows), std::to_string(table.bytes)});
  }
}

void add_files(Table& out, const Manifest& manifest) {
  for (const FileFolder& folder : file_folders(manifest)) {
    const ManifestTable& table = manifest.tables[folder.table];
    out.rows.push_back(
        {kFilesArea, table.name + "." + encode_name_part(table.columns[folder.column].name), "file",
         std::to_string(folder.expected.count), std::to_string(folder.expected.bytes)});
  }
}

void print_summary(const Manifest& manifest) {
  print_fact("Company", named(manifest.company_key, manifest.company_name));
  print_fact("Label", manifest.label.value_or(""));
  print_fact("Made at", manifest.created_at);
  print_fact("Made by", manifest.created_by);
  print_fact("On behalf of", manifest.actor.value_or(""));
  print_fact("Database", manifest.database_name);
  print_fact("Database ID", manifest.database_identity);
  print_fact("Server", "PostgreSQL " + manifest.server_version + ", company_backup " +
                           manifest.extension_version);
  print_fact("Files included", manifest.include_files ? "yes" : "no");
  print_fact("Left out", std::to_string(manifest.excluded.size()) + " tables");
  print_fact("Known problems", std::to_string(manifest.problems.size()) + " references");
  std::cout << '\n';
  Table table{{{"area"}, {"table"}, {"treatment"}, {"rows", true}, {"bytes", true}}, {}};
  add_rows(table, manifest.tables);
  add_rows(table, manifest.shared);
  add_files(table, manifest);
  print_table(std::cout, table, "The archive has no tables.");
}

int run_inspect(const InspectOptions& options) {
  const Manifest manifest = read_manifest(options.file);
  if (options.json) {
    std::cout << printable_json(manifest.to_json());
  } else {
    print_summary(manifest);
  }
  return kDone;
}

}  // namespace

Command add_inspect(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("inspect", "Shows what an archive says about itself; needs no server");
  auto options = std::make_shared<InspectOptions>();
  command->add_option("FILE", options->file, "Archive (.tar.gz); \"-\": standard input")
      ->required()
      ->type_name("");
  command->add_flag("--json", options->json, "Print the archive's manifest, which is JSON");
  command->footer(
      "Only the beginning of the archive is read. \"verify\" tells whether the rest is whole and\n"
      "unchanged.\n"
      "Example: company-backup inspect acme.tar.gz");
  return {command, [options] { return run_inspect(*options); }};
}

}  // namespace company_backup::client
