// Rules that are accepted one after the other, and applied at the end: all or none. Until then they
// are only tried, in transactions that are taken back, so that nothing is locked, and nothing is
// lost, while somebody thinks.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "client/commands/proposals.hpp"

namespace company_backup::client {

class Setup {
 public:
  explicit Setup(Connection& connection);

  // Is called with sql() whenever something was accepted.
  void on_accept(std::function<void(const std::string& sql)> act) { on_accept_ = std::move(act); }

  // To be tried by the next look(). A company table takes the place of one accepted before.
  void accept(Proposal rule);
  const std::vector<Proposal>& accepted() const { return accepted_; }

  // What the server says against the rule after those that were accepted; nothing: it takes it.
  std::optional<std::string> objection(const std::string& statement);

  struct Outlook {
    std::string refused;  // the rules that the server did not take, and why; no longer accepted
    std::optional<Result> scope;  // company_scope(); none: `no_scope` says why
    std::string no_scope;
    std::vector<Proposal> proposals;
  };
  // How it would be with all that was accepted. The reference holds until the next call. Throws
  // ServerError for what no rule can mend.
  const Outlook& look();
  // check_company_scope() with it; nothing if there is no scope.
  std::optional<Result> check();

  // A file of what was accepted.
  std::string sql() const;

  // Runs it in one transaction, with `before_commit` at its end. Waits for those who write
  // companies, a moment at a time: whoever comes behind us waits for us. Throws Error if others
  // have set rules since this began: what was accepted was an answer to other questions. Throws
  // ServerError: nothing was applied, unless it says that this is unknown.
  void apply(const std::function<void()>& before_commit);

 private:
  std::set<std::string> rules(bool hold);
  void refuse_changed_rules();
  void rehearse();
  void look_again();
  void try_accepted(Transaction& trial);
  void apply_once(const std::function<void()>& before_commit);
  void run(const Proposal& rule);
  static void commit(Transaction& transaction);

  Connection& connection_;
  std::set<std::string> rules_before_;
  std::vector<Proposal> accepted_;
  std::function<void(const std::string&)> on_accept_;
  Outlook outlook_;
  bool is_current_ = false;  // is it the outlook with what is accepted now?
};

}  // namespace company_backup::client
