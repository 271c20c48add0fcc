#include "client/commands/proposals.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "client/base/printable.hpp"
#include "client/base/sql_text.hpp"

namespace company_backup::client {
namespace {

struct Title {
  std::string_view function, treatment, text;
};

constexpr std::array<Title, 19> kTitles{{
    {"set_company_table", "", "The company table"},
    {"set_membership", "", "Who belongs to which company"},
    {"set_table_rule", "company", "Tables whose rows belong to companies"},
    {"set_table_rule", "append_only", "Tables to which rows are only added"},
    {"set_table_rule", "excluded", "Tables that stay behind"},
    {"set_table_rule", "shared", "Tables that all companies share"},
    {"set_table_rule", "people", "People"},
    {"set_table_rule", "global", "Tables that belong to no company"},
    {"set_table_rule", "auto", "Tables whose rules do not hold"},
    {"set_table_rule", "", "Tables"},
    {"set_reference", "", "Columns that refer to other tables"},
    {"set_column_rule", "data", "Columns that are only data"},
    {"set_column_rule", "secret", "Columns that are secret"},
    {"set_column_rule", "identity", "Columns that stay with their company"},
    {"set_column_rule", "counter", "Columns that count"},
    {"set_column_rule", "file", "Columns that hold files"},
    {"set_column_rule", "auto", "Columns whose rules do not hold"},
    {"set_column_rule", "", "Columns"},
    {"forget_stale_rules", "", "Rules about what is gone"},
}};

constexpr std::string_view kComment = "-- ";

// 'data' or "data" as an argument: data.
std::string_view unquoted(std::string_view argument) {
  const bool quoted = argument.size() >= 2 && argument.front() == '\'' && argument.back() == '\'';
  return quoted ? argument.substr(1, argument.size() - 2) : argument;
}

std::string_view treatment_of(const FunctionCall& call) {
  const size_t place = call.function == "set_table_rule"    ? 1
                       : call.function == "set_column_rule" ? 2
                                                            : call.arguments.size();
  return place < call.arguments.size() ? unquoted(call.arguments[place]) : std::string_view();
}

std::string title_of(std::string_view statement) {
  const auto call = function_call(statement);
  if (!call) return "Other";
  const std::string_view treatment = treatment_of(*call);
  for (const Title& title : kTitles) {
    if (title.function != call->function) continue;
    if (title.treatment == treatment) return std::string(title.text);
    if (title.treatment.empty()) return std::string(title.text) + ": " + std::string(treatment);
  }
  return std::string(call->function);
}

std::string in_words(size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

size_t count_of(const Result& findings, std::string_view severity) {
  size_t count = 0;
  for (int row = 0; row < findings.rows(); ++row) {
    if (findings.text(row, "severity") == severity) ++count;
  }
  return count;
}

bool is_notice(const Result& findings, int row) {
  return findings.text(row, "severity") == "notice";
}

std::string with_semicolon(const std::string& statement) {
  return statement.ends_with(';') ? statement : statement + ';';
}

std::string line_ends_commented(const std::string& text) {
  std::string out = "-- ";
  for (const char c : text) out += c == '\n' ? std::string("\n-- ") : std::string(1, c);
  return out;
}

std::string evidence_comment(const Proposal& proposal) {
  return sql_comment(proposal.confidence +
                     (proposal.evidence.empty() ? "" : ": " + proposal.evidence));
}

}  // namespace

std::vector<Proposal> fetch_proposals(Connection& connection) {
  const Result rows = connection.call("propose_company_rules");
  std::vector<Proposal> proposals;
  for (int row = 0; row < rows.rows(); ++row) {
    // A candidate that is not the best is a comment, so that nobody runs it with the best one.
    std::string_view statement = rows.text(row, "statement");
    const bool is_comment = statement.starts_with(kComment);
    if (is_comment) statement.remove_prefix(kComment.size());
    proposals.push_back({with_semicolon(printable_sql(statement)),
                         std::string(rows.text(row, "confidence")),
                         std::string(rows.text(row, "evidence")), !is_comment});
  }
  return proposals;
}

CLI::Option* add_accept_option(CLI::App& app, std::optional<std::string>& accept,
                               const std::string& description) {
  return add_choice(app, "--accept", accept, description, {kConfident, kLikely})
      ->type_name("LEVEL");
}

bool is_accepted(const std::string& confidence, const std::optional<std::string>& accept) {
  return !accept || confidence == kConfident || (confidence == kLikely && accept == kLikely);
}

StatementKind kind_of(std::string_view statement) {
  const auto call = function_call(statement);
  if (!call) return StatementKind::kOther;
  if (call->function == "set_company_table") return StatementKind::kCompanyTable;
  const bool is_rule = call->function.starts_with("set_") || call->function == "forget_stale_rules";
  return is_rule ? StatementKind::kRule : StatementKind::kOther;
}

std::vector<ProposalGroup> grouped(const std::vector<Proposal>& proposals) {
  std::vector<ProposalGroup> groups;
  std::map<std::pair<std::string, std::string>, size_t> known;
  for (const Proposal& proposal : proposals) {
    const std::string title = title_of(proposal.statement);
    const auto [found, is_new] = known.try_emplace({title, proposal.confidence}, groups.size());
    if (is_new) groups.push_back({title, proposal.confidence, {}});
    groups[found->second].proposals.push_back(proposal);
  }
  return groups;
}

std::string sql_comment(std::string_view text) {
  return "-- " + printable(text) + '\n';
}

std::string sql_of(const Proposal& proposal) {
  return evidence_comment(proposal) + proposal.statement + '\n';
}

std::string commented_sql_of(const Proposal& proposal) {
  return evidence_comment(proposal) + line_ends_commented(proposal.statement) + '\n';
}

std::string compact_line(const Proposal& proposal) {
  return (proposal.is_only_choice ? "" : std::string(kComment)) + proposal.statement + "  " +
         sql_comment(proposal.confidence);
}

std::string sql_file(const std::string& head, const std::string& statements) {
  const bool is_ascii = std::all_of(statements.begin(), statements.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return head + "BEGIN;\n" + (is_ascii ? "" : "SET LOCAL client_encoding = 'UTF8';\n") + '\n' +
         statements + "COMMIT;\n";
}

bool has_error(const Result& findings) {
  return count_of(findings, "error") > 0;
}

bool asks_anything(const Result& findings) {
  return has_error(findings) || count_of(findings, "warning") > 0;
}

std::string counted(const Result& findings) {
  std::vector<std::string> parts;
  for (const char* severity : {"error", "warning", "notice"}) {
    const size_t count = count_of(findings, severity);
    if (count > 0) parts.push_back(in_words(count, severity));
  }
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  }
  return text.empty() ? "nothing" : text;
}

void print_compactly(std::ostream& out, const Result& findings,
                     const std::vector<Proposal>& proposals) {
  std::set<std::string> for_notices, for_others;
  for (int row = 0; row < findings.rows(); ++row) {
    const std::string hint = with_semicolon(printable_sql(findings.text(row, "hint")));
    (is_notice(findings, row) ? for_notices : for_others).insert(hint);
    if (is_notice(findings, row)) continue;
    out << printable(findings.text(row, "severity")) << "  "
        << printable(findings.text(row, "object")) << ": "
        << printable(findings.text(row, "problem")) << '\n';
  }
  for (const Proposal& proposal : proposals) {
    const bool only_notice =
        for_notices.contains(proposal.statement) && !for_others.contains(proposal.statement);
    if (!only_notice) out << compact_line(proposal);
  }
}

}  // namespace company_backup::client
