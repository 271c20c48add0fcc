#include "client/commands/setup.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "client/base/output.hpp"
#include "client/base/printable.hpp"
#include "client/base/signals.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

constexpr const char* kLockNotAvailable = "55P03";

// Is it an error that a rule can mend: a company table that is not there, or that nothing leads to?
bool can_be_mended(const ServerError& error) {
  return error.sqlstate() == sqlstate::kNotConfigured || error.sqlstate() == sqlstate::kNoRoute ||
         error.sqlstate() == sqlstate::kStaleRule;
}

bool is_company_table(const Proposal& rule) {
  return kind_of(rule.statement) == StatementKind::kCompanyTable;
}

void be_quiet(Connection& connection, bool quiet) {
  connection.run(quiet ? "SET LOCAL client_min_messages = 'error'"
                       : "SET LOCAL client_min_messages TO DEFAULT");
}

}  // namespace

// A person may think for long.
Setup::Setup(Connection& connection) : connection_(connection) {
  connection_.run("SET idle_session_timeout = 0");
  rules_before_ = rules(false);
}

// Each with what it is for. `hold`: nobody else can set any until the transaction ends.
std::set<std::string> Setup::rules(bool hold) {
  std::vector<Argument> arguments;
  if (hold) arguments.push_back({"hold", boolean_parameter(true)});
  const Result result = connection_.call("company_rules", arguments);
  std::set<std::string> rules;
  for (int row = 0; row < result.rows(); ++row) {
    rules.insert(std::string(result.text(row, "object")) + ": " +
                 std::string(result.text(row, "rule")));
  }
  return rules;
}

void Setup::refuse_changed_rules() {
  const std::set<std::string> now = rules(true);
  std::string changes;
  const auto tell = [&](const std::set<std::string>& these, const std::set<std::string>& others,
                        const char* what) {
    for (const std::string& rule : these)
      if (!others.contains(rule)) changes += (changes.empty() ? "" : "\n") + (what + rule);
  };
  tell(rules_before_, now, "no longer: ");
  tell(now, rules_before_, "new: ");
  if (changes.empty()) return;
  throw Error("55000", "nothing was applied: somebody else has set rules meanwhile")
      .detail(printable_lines(changes))
      .hint("Look at them, and run \"company-backup init\" again.");
}

// First in the file: what other rules say of companies needs it.
void Setup::accept(Proposal rule) {
  is_current_ = false;
  if (is_company_table(rule)) {
    std::erase_if(accepted_, is_company_table);
    accepted_.insert(accepted_.begin(), std::move(rule));
  } else {
    accepted_.push_back(std::move(rule));
  }
  if (on_accept_) on_accept_(sql());
}

std::optional<std::string> Setup::objection(const std::string& statement) {
  Transaction trial(connection_);
  rehearse();
  be_quiet(connection_, true);
  const bool replaces = kind_of(statement) == StatementKind::kCompanyTable;
  for (const Proposal& rule : accepted_) {
    if (replaces && is_company_table(rule)) continue;
    trial.attempt([&] { connection_.run(rule.statement); });
  }
  const auto error = trial.attempt([&] { connection_.run(statement); });
  if (error) return error->what();
  return std::nullopt;
}

// Nobody is to wait for somebody who thinks, or for a look at all rows.
void Setup::rehearse() {
  connection_.run("SET LOCAL company_backup.rehearsal = on");
}

// What they have to say, they say when they are applied.
void Setup::try_accepted(Transaction& trial) {
  be_quiet(connection_, true);
  std::erase_if(accepted_, [&](const Proposal& rule) {
    const auto error = trial.attempt([&] { connection_.run(rule.statement); });
    if (error) {
      outlook_.refused += "The server refuses a statement, which stays open:\n" + rule.statement +
                          '\n' + error->what() + '\n';
    }
    return error.has_value();
  });
  be_quiet(connection_, false);
}

void Setup::look_again() {
  outlook_ = {};
  Transaction trial(connection_);
  rehearse();
  try_accepted(trial);
  const auto no_scope = trial.attempt([&] { outlook_.scope = connection_.call("company_scope"); });
  if (no_scope && !can_be_mended(*no_scope)) throw *no_scope;
  const auto none = trial.attempt([&] { outlook_.proposals = fetch_proposals(connection_); });
  if (none && (!no_scope || !can_be_mended(*none))) throw *none;
  if (no_scope) outlook_.no_scope = no_scope->what();
  is_current_ = true;
}

const Setup::Outlook& Setup::look() {
  outlook_.refused.clear();
  if (!is_current_) look_again();
  return outlook_;
}

std::optional<Result> Setup::check() {
  if (!look().scope) return std::nullopt;
  Transaction trial(connection_);
  rehearse();
  try_accepted(trial);
  return connection_.call("check_company_scope");
}

std::string Setup::sql() const {
  std::string statements;
  for (const Proposal& rule : accepted_) statements += sql_of(rule) + '\n';
  return sql_file(sql_comment("Rules of company_backup, for databases with these tables:") +
                      sql_comment("  psql -v ON_ERROR_STOP=1 -f FILE"),
                  statements);
}

void Setup::apply_once(const std::function<void()>& before_commit) {
  Transaction transaction(connection_);
  connection_.run("SET LOCAL lock_timeout = '1s'");
  refuse_changed_rules();
  for (const Proposal& rule : accepted_) run(rule);
  before_commit();
  commit(transaction);
}

void Setup::apply(const std::function<void()>& before_commit) {
  constexpr int kTries = 30;
  for (int tries = 1;; ++tries) {
    try {
      return apply_once(before_commit);
    } catch (const ServerError& error) {
      if (error.sqlstate() != kLockNotAvailable) throw;
      if (tries == kTries) {
        throw ServerError(std::string(error.what()) +
                              "\nHINT:  Transactions that write companies have been open all the "
                              "time. Try again when they have ended.",
                          error.sqlstate());
      }
      if (tries == 1) print_message("Waiting for transactions that write companies.");
    }
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      check_interrupted();
    }
  }
}

void Setup::run(const Proposal& rule) {
  try {
    connection_.run(rule.statement);
  } catch (const ServerError& error) {
    throw ServerError(
        "Nothing was applied.\n" + std::string(error.what()) + "\nSTATEMENT:  " + rule.statement,
        error.sqlstate());
  }
}

void Setup::commit(Transaction& transaction) {
  try {
    transaction.commit();
  } catch (const ServerError& error) {
    if (!error.sqlstate().empty()) throw;
    throw ServerError(std::string(error.what()) +
                      "\nHINT:  Whether the rules were applied is not known: see \"company-backup "
                      "check\".");
  }
}

}  // namespace company_backup::client
