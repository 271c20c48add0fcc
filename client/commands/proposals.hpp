// What the extension proposes, and what it asks: as questions to a person, as SQL, as lines.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "client/commands/commands.hpp"

namespace company_backup::client {

inline constexpr const char* kConfident = "confident";
inline constexpr const char* kLikely = "likely";

struct Proposal {
  std::string statement;       // printable, with a semicolon
  std::string confidence;      // confident, likely or guess
  std::string evidence;        // as the server says it
  bool is_only_choice = true;  // false: the server proposes another one in its place
};

// propose_company_rules(), in its order: of most consequence first.
std::vector<Proposal> fetch_proposals(Connection& connection);

// Adds --accept: the least confidence of what is accepted.
CLI::Option* add_accept_option(CLI::App& app, std::optional<std::string>& accept,
                               const std::string& description);

// Is it no less than what --accept says? If that says nothing, all are.
bool is_accepted(const std::string& confidence, const std::optional<std::string>& accept);

// What a statement is about.
enum class StatementKind {
  kCompanyTable,  // each takes the place of the one before
  kRule,          // any other rule of the extension
  kOther,         // changes a table, or only shows rows
};

StatementKind kind_of(std::string_view statement);

// Proposals of the same kind and confidence, which can be answered together.
struct ProposalGroup {
  std::string title;  // "Columns that are only data"
  std::string confidence;
  std::vector<Proposal> proposals;
};

// In the order of each one's first.
std::vector<ProposalGroup> grouped(const std::vector<Proposal>& proposals);

// A comment on a line of its own, with its end. Nothing in the text can end it.
std::string sql_comment(std::string_view text);

// A proposal with its evidence, ready to run, or as a comment.
std::string sql_of(const Proposal& proposal);
std::string commented_sql_of(const Proposal& proposal);

// The same on one line, with the confidence behind it.
std::string compact_line(const Proposal& proposal);

// A file of statements, which psql runs as a whole or not at all. `head`: comments.
std::string sql_file(const std::string& head, const std::string& statements);

bool has_error(const Result& findings);
// More than notices?
bool asks_anything(const Result& findings);

// How many findings there are: "2 errors, 1 warning and 4 notices".
std::string counted(const Result& findings);

// Findings on a line each, and the statements that settle them, without notices and what is
// proposed for them only.
void print_compactly(std::ostream& out, const Result& findings,
                     const std::vector<Proposal>& proposals);

}  // namespace company_backup::client
