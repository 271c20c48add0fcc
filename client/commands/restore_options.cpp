#include "client/commands/restore_options.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "client/base/output.hpp"
#include "core/text/array_text.hpp"
#include "core/text/error.hpp"

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

// Where the key begins: behind the first colon that is not inside a quoted name.
size_t key_start(const std::string& record) {
  bool quoted = false;
  for (size_t i = 0; i < record.size(); ++i) {
    if (record[i] == '"') quoted = !quoted;
    if (record[i] == ':' && !quoted) return i + 1;
  }
  return std::string::npos;
}

// TABLE:KEY as an element of the argument "records".
nlohmann::ordered_json record_json(const std::string& record) {
  const size_t start = key_start(record);
  if (start == std::string::npos || start == 1 || start == record.size()) {
    throw Error(sqlstate::kInvalidParameter, "a record is TABLE:KEY, not \"" + record + "\"");
  }
  const std::string key = record.substr(start);
  nlohmann::ordered_json json = {{"table", record.substr(0, start - 1)}, {"key", key}};
  if (key[0] != '[' && key[0] != '{') return json;
  const auto parts = nlohmann::ordered_json::parse(key, nullptr, false);
  if (parts.is_discarded()) {
    throw Error(sqlstate::kInvalidParameter,
                "the key of record \"" + record + "\" begins like JSON, but is none");
  }
  json["key"] = parts;
  return json;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// What a person reads above a preview.
void print_selection(std::ostream& out, const RestoreOptions& options) {
  if (!options.tables.empty()) {
    out << "Only rows of: " << printable(list_of(options.tables)) << ".\n";
  }
  if (options.only == "deleted") {
    out << "Only rows that were deleted since the backup come back.\n";
  } else if (options.only == "changed") {
    out << "Only rows that were changed since the backup are set back.\n";
  } else if (options.only == "added") {
    out << "Only rows that were added since the backup are removed.\n";
  }
  if (!options.records.empty()) {
    out << "Only these records, what hangs on them, and what they need: "
        << printable(list_of(options.records)) << ".\n";
  }
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
  add_choice(command, "--on-error", on_error,
             "If the tables refuse rows: fail, or leave them out with what needs them (skip)",
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
  command
      .add_option("--tables", tables, "Only rows of these tables, with commas between their names")
      ->delimiter(',')
      ->type_name("TABLES");
  add_choice(
      command, "--only", only,
      "Only bring back what was deleted, set back what was changed, or remove what was added "
      "since the backup",
      {"deleted", "changed", "added"});
  command
      .add_option("--record", records,
                  "Only this row, what hangs on it, and what it needs; may be repeated. A key of "
                  "several columns is a JSON array or object")
      ->allow_extra_args(false)
      ->type_name("TABLE:KEY");
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
  if (!tables.empty()) arguments.push_back({"tables", text_array_parameter(tables)});
  add("\"only\"", only);  // a word of SQL
  nlohmann::ordered_json named = nlohmann::ordered_json::array();
  for (const std::string& record : records) named.push_back(record_json(record));
  if (!named.empty()) arguments.push_back({"records", jsonb_parameter(named.dump())});
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
  print_selection(out, options);
  const char* nothing = merges ? "Nothing would change: the company has all rows of the backup."
                               : "Nothing would change: the company is what the backup holds.";
  print_table(out, table, options.selects() ? "Nothing would change." : nothing);
  out << "Rows in all:";
  for (size_t i = 0; i < std::size(kCounts); ++i) {
    out << (i == 0 ? " " : ", ") << sums[i] << ' ' << kCounts[i];
  }
  out << ".\n";
}

}  // namespace company_backup::client
