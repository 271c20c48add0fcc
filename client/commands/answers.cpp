#include "client/commands/answers.hpp"

#include <filesystem>
#include <sstream>
#include <utility>

#include "client/base/files.hpp"
#include "client/base/signals.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

constexpr const char* kStandsFor = "company_backup_rules.sql";  // where the output is stdout

// "likely: 3 of 4 ..." of a comment, for the statement below it.
void read_comment(std::string_view text, Proposal& proposal) {
  const size_t colon = text.find(": ");
  proposal.confidence = text.substr(0, colon);
  proposal.evidence = colon == text.npos ? "" : text.substr(colon + 2);
}

// The statements of a file that Setup::sql() has made.
std::vector<Proposal> statements_in(const std::string& sql) {
  constexpr std::string_view kComment = "-- ";
  std::vector<Proposal> statements;
  Proposal next;
  std::istringstream lines(sql);
  for (std::string line; std::getline(lines, line);) {
    if (next.statement.empty() && line.starts_with(kComment)) {
      read_comment(std::string_view(line).substr(kComment.size()), next);
      continue;
    }
    if (next.statement.empty() && !line.starts_with("SELECT ")) continue;
    next.statement += (next.statement.empty() ? "" : "\n") + line;
    if (!line.ends_with(';') || kind_of(next.statement) == StatementKind::kOther) continue;
    statements.push_back(next);
    next = {};
  }
  return statements;
}

}  // namespace

Answers::Answers(const std::string& output, Terminal& terminal)
    : path_((output == "-" ? kStandsFor : output) + ".answers"), terminal_(terminal) {}

bool Answers::exist() const {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path_, ignored);
}

std::optional<std::vector<Proposal>> Answers::left() const {
  if (!exist()) return std::nullopt;
  return statements_in(InputFile(path_).content());
}

void Answers::keep(const std::string& sql) {
  try {
    OutputFile file(path_, true);
    file.write(sql);
    file.commit();
  } catch (const Error& error) {
    check_interrupted();
    if (!std::exchange(told_, true)) {
      terminal_.print("The answers are not kept before the end: " + error.message() + '\n');
    }
  }
}

void Answers::remove() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace company_backup::client
