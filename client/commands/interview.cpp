#include "client/commands/interview.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "client/base/printable.hpp"
#include "core/text/quoting.hpp"

namespace company_backup::client {
namespace {

constexpr const char* kByHand = "by hand";

constexpr const char* kHelp =
    "  y  yes: accept the statement\n"
    "  n  no: leave this open\n"
    "  e  edit: write another statement instead\n"
    "  s  skip: ask again later\n"
    "  a  all: yes to this and all that follow of its kind\n"
    "  l  list all that follow of its kind\n"
    "  q  quit asking; what was accepted can be applied\n";

std::string indented(const std::string& text, size_t spaces) {
  const std::string space(spaces, ' ');
  std::string out = space;
  for (const char c : text) out += c == '\n' ? "\n" + space : std::string(1, c);
  return out + '\n';
}

// The statement, and below it how sure it is and what speaks for it.
std::string as_question(const Proposal& proposal, const std::string& mark) {
  const std::string statement = indented(proposal.statement, mark.size() + 1);
  return mark + statement.substr(mark.size()) +
         indented(proposal.confidence +
                      (proposal.evidence.empty() ? "" : ": " + printable(proposal.evidence)),
                  mark.size() + 1);
}

std::string trimmed_answer(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string how_many(size_t count, const char* one, const char* several) {
  return std::to_string(count) + ' ' + (count == 1 ? one : several);
}

// "12 tables: 9 travel, 3 excluded, 1 people; 2 are undecided."
std::string summary(const Result& scope) {
  std::map<std::string, size_t> stay;
  size_t travel = 0, undecided = 0;
  for (int row = 0; row < scope.rows(); ++row) {
    const std::string_view treatment = scope.text(row, "treatment");
    if (scope.text(row, "reason").starts_with("undecided: ")) {
      ++undecided;
    } else if (treatment == "company" || treatment == "append_only") {
      ++travel;
    } else {
      ++stay[std::string(treatment)];
    }
  }
  std::string text = how_many(static_cast<size_t>(scope.rows()), "table", "tables") + ": " +
                     how_many(travel, "travels with its company", "travel with their company");
  for (const auto& [treatment, count] : stay) {
    text += ", " + std::to_string(count) + ' ' + printable(treatment);
  }
  return text + ", " + std::to_string(undecided) + " undecided.\n";
}

}  // namespace

void Interview::run() {
  terminal_.print("Nothing is changed before the end. Looking at the tables...\n");
  for (;;) {
    const Setup::Outlook& outlook = setup_.look();
    terminal_.print(outlook.refused);
    if (round(outlook) == Next::kStop) return;
  }
}

Interview::Next Interview::round(const Setup::Outlook& outlook) {
  if (!outlook.scope) return choose_company_table(outlook);
  terminal_.print('\n' + summary(*outlook.scope));
  const std::vector<Proposal> open = open_questions(outlook.proposals);
  if (open.empty()) return Next::kStop;
  for (const ProposalGroup& group : grouped(open)) {
    if (ask_group(group) == Next::kStop) return Next::kStop;
  }
  terminal_.print("\nLooking at what is open now...\n");
  return Next::kGoOn;
}

// The company table ----------------------------------------------------------------------------

// A number among the candidates, a statement, or the name of a table.
std::string Interview::company_statement(const std::string& answer,
                                         const std::vector<Proposal>& candidates) {
  size_t number = 0;
  const char* end = answer.data() + answer.size();
  if (std::from_chars(answer.data(), end, number).ptr == end) {
    return number >= 1 && number <= candidates.size() ? candidates[number - 1].statement : "";
  }
  if (kind_of(answer) == StatementKind::kCompanyTable) {
    return printable_sql(answer + (answer.ends_with(';') ? "" : ";"));
  }
  return printable_sql("SELECT " + connection_.schema() + ".set_company_table(" +
                       quote_literal(answer) + ");");
}

Interview::Next Interview::choose_company_table(const Setup::Outlook& outlook) {
  std::vector<Proposal> candidates;
  for (const Proposal& proposal : outlook.proposals) {
    if (kind_of(proposal.statement) == StatementKind::kCompanyTable) candidates.push_back(proposal);
  }
  std::string text = '\n' + outlook.no_scope + "\nWhich table has one row for each company?\n";
  for (size_t i = 0; i < candidates.size(); ++i) {
    text += as_question(candidates[i], "  " + std::to_string(i + 1) + ' ');
  }
  terminal_.print(text);
  for (;;) {
    const auto line = terminal_.ask(
        candidates.empty() ? "Its name, or a statement as SELECT set_company_table(...); q quits: "
                           : "Number, the name of another table, or a statement as SELECT "
                             "set_company_table(...); q quits: ");
    if (!line || trimmed_answer(*line) == "q") return Next::kStop;
    const std::string answer = trimmed_answer(*line);
    if (answer.empty()) continue;
    const std::string statement = company_statement(answer, candidates);
    if (statement.empty()) continue;
    if (const auto objection = setup_.objection(statement)) {
      terminal_.print(*objection + "\n" +
                      "Where its key or its name has another column, say so: SELECT "
                      "set_company_table('...', key_column => '...', name_column => '...');\n");
      continue;
    }
    const auto chosen =
        std::find_if(candidates.begin(), candidates.end(),
                     [&](const Proposal& one) { return one.statement == statement; });
    setup_.accept(chosen != candidates.end() ? *chosen : Proposal{statement, kByHand, ""});
    return Next::kGoOn;
  }
}

// Questions ------------------------------------------------------------------------------------

// What has not been answered yet. Skipped ones come again together with new ones, or when somebody
// wants them to.
std::vector<Proposal> Interview::open_questions(const std::vector<Proposal>& proposals) {
  std::vector<Proposal> open;
  for (const Proposal& proposal : proposals) {
    if (kind_of(proposal.statement) == StatementKind::kOther) continue;
    if (!answered_.contains(proposal.statement)) open.push_back(proposal);
  }
  const bool is_new = std::any_of(open.begin(), open.end(), [&](const Proposal& proposal) {
    return !skipped_.contains(proposal.statement);
  });
  if (open.empty() || is_new) return open;
  const auto again = terminal_.ask("Nothing new is asked; " +
                                   how_many(open.size(), "question was", "questions were") +
                                   " skipped. Ask again? y or n: ");
  return again && trimmed_answer(*again).starts_with('y') ? open : std::vector<Proposal>();
}

Interview::Next Interview::ask_group(const ProposalGroup& group) {
  terminal_.print('\n' + group.title + " (" + printable(group.confidence) +
                  "): " + how_many(group.proposals.size(), "question", "questions") + '\n');
  bool all = false;
  for (size_t at = 0; at < group.proposals.size(); ++at) {
    if (ask_question(group, at, all) == Next::kStop) return Next::kStop;
  }
  return Next::kGoOn;
}

Interview::Next Interview::ask_question(const ProposalGroup& group, size_t at, bool& all) {
  const Proposal& proposal = group.proposals[at];
  const std::string& statement = proposal.statement;
  const std::string question = as_question(
      proposal, std::to_string(at + 1) + '/' + std::to_string(group.proposals.size()) + ' ');
  for (;;) {
    const Answer answer = all ? Answer::kYes : ask_answer(question);
    switch (answer) {
      case Answer::kStop:
        return Next::kStop;
      case Answer::kSkip:
        skipped_.insert(statement);
        return Next::kGoOn;
      case Answer::kList:
        for (size_t i = at; i < group.proposals.size(); ++i) {
          terminal_.print(as_question(group.proposals[i], "  "));
        }
        continue;
      case Answer::kEdit:
        if (!edit()) continue;
        break;
      case Answer::kAll:
      case Answer::kYes:
        all = all || answer == Answer::kAll;
        setup_.accept(proposal);
        break;
      case Answer::kNo:
        break;
    }
    answered_.insert(statement);
    return Next::kGoOn;
  }
}

Interview::Answer Interview::ask_answer(const std::string& question) {
  static const std::map<std::string, Answer> kAnswers{
      {"y", Answer::kYes},  {"yes", Answer::kYes},   {"n", Answer::kNo},   {"no", Answer::kNo},
      {"e", Answer::kEdit}, {"edit", Answer::kEdit}, {"s", Answer::kSkip}, {"skip", Answer::kSkip},
      {"a", Answer::kAll},  {"all", Answer::kAll},   {"l", Answer::kList}, {"list", Answer::kList},
      {"q", Answer::kStop}, {"quit", Answer::kStop}};
  terminal_.print(question);
  for (;;) {
    const auto line = terminal_.ask("y, n, e, s, a, l, q, or ? for help: ");
    if (!line) return Answer::kStop;
    const auto found = kAnswers.find(trimmed_answer(*line));
    if (found != kAnswers.end()) return found->second;
    terminal_.print(kHelp);
  }
}

// False: nothing was accepted, ask again.
bool Interview::edit() {
  const std::string statement = printable_sql(read_statement());
  if (statement.empty()) return false;
  if (kind_of(statement) == StatementKind::kOther) {
    terminal_.print(
        "Only one call of a function that sets rules can be accepted here: SELECT "
        "set_table_rule(...); or set_column_rule, set_reference and the like.\n");
    return false;
  }
  if (const auto objection = setup_.objection(statement)) {
    terminal_.print(*objection + '\n');
    return false;
  }
  setup_.accept({statement, kByHand, ""});
  return true;
}

// Up to a line that ends with a semicolon; empty if there is none.
std::string Interview::read_statement() {
  std::string statement;
  while (!statement.ends_with(';')) {
    const auto line =
        terminal_.ask(statement.empty() ? "The statement, up to \";\" (nothing: back): " : "  ");
    if (!line || line->empty()) return "";
    statement += (statement.empty() ? "" : "\n") + trimmed_answer(*line);
  }
  return statement;
}

}  // namespace company_backup::client
