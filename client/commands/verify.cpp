// verify FILE: checks a whole archive. No server is needed.

#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>

#include "client/base/files.hpp"
#include "client/base/output.hpp"
#include "client/base/progress.hpp"
#include "client/commands/commands.hpp"
#include "core/archive/archive_reader.hpp"
#include "core/text/error.hpp"
#include "core/text/hex.hpp"

namespace company_backup::client {
namespace {

constexpr size_t kReadAtOnce = 256 << 10;
constexpr size_t kMaxKeyFile = 4096;

struct VerifyOptions {
  std::string file;
  std::optional<std::string> key_file;
};

// The bytes of a bytea as psql prints it (\x and hexadecimal digits); nothing for any other text.
std::optional<std::string> from_bytea_text(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (!text.starts_with("\\x")) return std::nullopt;
  return bytes_of_hex(text.substr(2));
}

// The key is in the file as it is, or as psql prints it.
std::string read_key(const std::string& path) {
  InputFile file(path);
  std::string buffer(kMaxKeyFile, '\0');
  const std::string text(file.read(buffer));
  const std::string key = from_bytea_text(text).value_or(text);
  if (key.empty() || text.size() == kMaxKeyFile) {
    throw Error(sqlstate::kInvalidParameter, "file \"" + path + "\" does not hold a key")
        .hint("Write it with: psql -AtXc \"SELECT archive_key()\" > key");
  }
  return key;
}

void check_signature(const ArchiveReader& reader, const std::string& key) {
  if (!reader.signature()) {
    throw Error(sqlstate::kUntrustedArchive, "the archive is not signed");
  }
  if (reader.check_signature(key)) return;
  throw Error(sqlstate::kUntrustedArchive, "the archive is not signed with this key")
      .detail("It says that it was signed by the database " + reader.signature()->identity +
              ". Either the key belongs to another database, or somebody changed the archive.");
}

std::string counted(uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

void print_totals(const Manifest& manifest) {
  uint64_t rows = 0, bytes = 0;
  for (const auto* tables : {&manifest.tables, &manifest.shared}) {
    for (const ManifestTable& table : *tables) rows += table.rows, bytes += table.bytes;
  }
  std::cout << "OK: company " << printable(manifest.company_key) << ", "
            << counted(manifest.tables.size() + manifest.shared.size(), "table") << ", "
            << counted(rows, "row") << ", ";
  const ManifestFiles files = total_files(manifest);
  if (manifest.include_files) std::cout << counted(files.count, "file") << ", ";
  std::cout << counted(bytes + files.bytes, "byte") << '\n';
}

int run_verify(const VerifyOptions& options) {
  const std::optional<std::string> key =
      options.key_file ? std::optional(read_key(*options.key_file)) : std::nullopt;
  InputFile file(options.file);
  NullSink sink;
  ArchiveReader reader(sink, patient_limits());
  {
    Progress progress("Verifying", file.size());
    std::string buffer(kReadAtOnce, '\0');
    for (;;) {
      const std::string_view piece = file.read(buffer);
      reader.feed(piece);
      progress.add(piece.size());
      if (piece.size() < kReadAtOnce) break;
    }
  }
  reader.finish();
  if (key) check_signature(reader, *key);
  print_totals(reader.manifest());
  std::cout << (key ? "The signature is right: the database with this key wrote exactly this.\n"
                    : "The signature was not checked, because no key was given (--key-file): the "
                      "archive is\nundamaged, but somebody may have changed it on purpose.\n");
  return kDone;
}

}  // namespace

Command add_verify(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "verify", "Checks that an archive is whole and, with a key, genuine; needs no server");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("FILE", options->file, "Archive (.tar.gz); \"-\": standard input")
      ->required()
      ->type_name("");
  command
      ->add_option("--key-file", options->key_file,
                   "File with the key of the database that wrote the archive")
      ->type_name("FILE");
  command->footer(
      "Counts, digests and every line are checked. Digests show damage, but whoever changes an\n"
      "archive can change them, too: only the signature shows that nobody did. The owner of the\n"
      "database reads its key with: psql -AtXc \"SELECT archive_key()\" > key\n"
      "Example: company-backup verify acme.tar.gz --key-file key");
  return {command, [options] { return run_verify(*options); }};
}

}  // namespace company_backup::client
