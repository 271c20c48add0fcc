// Setting up the scope by questions on a terminal.
#pragma once

#include <set>
#include <string>

#include "client/base/terminal.hpp"
#include "client/commands/setup.hpp"

namespace company_backup::client {

class Interview {
 public:
  Interview(Terminal& terminal, Setup& setup, Connection& connection)
      : terminal_(terminal), setup_(setup), connection_(connection) {}

  // Asks, round after round, until nothing new is asked or the person has had enough. What was
  // answered with yes is accepted by `setup`.
  void run();

 private:
  enum class Next { kGoOn, kStop };
  enum class Answer { kYes, kNo, kEdit, kSkip, kAll, kList, kStop };

  Next round(const Setup::Outlook& outlook);
  Next choose_company_table(const Setup::Outlook& outlook);
  std::string company_statement(const std::string& answer, const std::vector<Proposal>& candidates);
  std::vector<Proposal> open_questions(const std::vector<Proposal>& proposals);
  Next ask_group(const ProposalGroup& group);
  Next ask_question(const ProposalGroup& group, size_t at, bool& all);
  Answer ask_answer(const std::string& question);
  bool edit();
  std::string read_statement();

  Terminal& terminal_;
  Setup& setup_;
  Connection& connection_;
  std::set<std::string> answered_, skipped_;  // statements
};

}  // namespace company_backup::client
