#include "client/commands/restore_options.hpp"

#include <charconv>

#include "client/base/output.hpp"

namespace company_backup::client {
namespace {

constexpr const char* kCounts[] = {"added", "changed", "removed", "unchanged"};

uint64_t count(const Result& preview, int row, const char* column) {
  const std::string_view text = preview.text(row, column);
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool has_changes(const Result& preview, int row) {
  return count(preview, row, "added") + count(preview, row, "changed") +
             count(preview, row, "removed") >
         0;
}

// Are there values that the tables have no place for?
bool has_losses(const Result& preview, int row) {
  return preview.text(row, "note").find("lost: ") != std::string_view::npos;
}

}  // namespace

void RestoreOptions::add_to(CLI::App& command) {
  command.add_option("COMPANY", company, "Key of the company")->required()->type_name("");
  add_backup_argument(command, backup)->required();
  CLI::Option* which =
      add_choice(command, "--mode", mode,
                 "replace: the company becomes what the backup holds; merge: what is missing is "
                 "added, and all else stays",
                 {"replace", "merge"});
  command.add_flag("--merge", merge, "The same as --mode merge")->excludes(which);
  add_choice(command, "--ids", ids, "Keep the IDs of the backup, or give rows new ones",
             {"auto", "keep", "remap"});
  command.add_flag("--include-files", include_files, "Restore files, too");
  add_choice(command, "--on-error", on_error, "If a row cannot be written: fail; skip is planned",
             {"abort", "skip"});
  add_choice(command, "--on-conflict", on_conflict,
             "If another row has the unique values of a row: fail, or in a merge refer to that row",
             {"error", "keep_existing"});
  add_choice(
      command, "--on-deleted", on_deleted,
      "If a row that was merged before has been deleted since: leave it out, or add it again",
      {"skip", "add"});
  add_choice(command, "--on-missing-shared", on_missing_shared,
             "If a shared row of the backup is not in the database: fail, or add it",
             {"refuse", "add"});
  CLI::Option* drift = add_choice(
      command, "--schema-drift", schema_drift,
      "If the tables have changed since the backup and values would be lost: fail, or restore "
      "without them (adapt)",
      {"refuse", "adapt"});
  command.add_flag("--adapt", adapt, "The same as --schema-drift adapt")->excludes(drift);
  command.add_option("--actor", actor, "The person on whose behalf this is done")
      ->type_name("PERSON");
}

std::vector<Argument> RestoreOptions::arguments() const {
  std::vector<Argument> arguments = {{"company", text_parameter(company)},
                                     {"backup", bigint_parameter(backup)}};
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) arguments.push_back({name, text_parameter(*value)});
  };
  add("mode", merge ? std::optional<std::string>("merge") : mode);
  add("ids", ids);
  if (include_files) arguments.push_back({"include_files", boolean_parameter(true)});
  add("on_error", on_error);
  add("on_conflict", on_conflict);
  add("on_deleted", on_deleted);
  add("on_missing_shared", on_missing_shared);
  add("schema_drift", adapt ? std::optional<std::string>("adapt") : schema_drift);
  add("actor", actor);
  return arguments;
}

void print_preview(std::ostream& out, const Result& preview, const RestoreOptions& options,
                   bool all) {
  const Table every = to_table(preview);
  Table table{every.columns, {}};
  uint64_t sums[std::size(kCounts)] = {};
  for (int row = 0; row < preview.rows(); ++row) {
    for (size_t i = 0; i < std::size(kCounts); ++i) sums[i] += count(preview, row, kCounts[i]);
    if (all || has_changes(preview, row) || has_losses(preview, row)) {
      table.rows.push_back(every.rows[static_cast<size_t>(row)]);
    }
  }
  const bool merges = options.merges();
  if (merges) out << "Merge: rows that are there stay as they are.\n";
  print_table(out, table,
              merges ? "Nothing would change: the company has all rows of the backup."
                     : "Nothing would change: the company is what the backup holds.");
  out << "Rows in all:";
  for (size_t i = 0; i < std::size(kCounts); ++i) {
    out << (i == 0 ? " " : ", ") << sums[i] << ' ' << kCounts[i];
  }
  out << ".\n";
}

}  // namespace company_backup::client
