#include "pg/delete/confirmation.hpp"

#include <functional>
#include <optional>

#include "core/text/quoting.hpp"
#include "pg/base/attempt_counter.hpp"
#include "pg/base/module.hpp"
#include "pg/scope/guard.hpp"

namespace company_backup {
namespace {

// May a function that is asked change something?
enum class Effects { kAllowed, kNone };

// What a function answers that says yes or no. Error kNoAnswer; `what` for messages: precondition
// "paid".
bool answer(const std::string& schema, const std::string& function, const std::string& what,
            const std::string& types, const std::string& parameters, const std::vector<Arg>& args,
            Effects effects) {
  const std::string name = quote_name(schema) + "." + quote_name(function);
  const auto fails = [&](const std::string& detail) {
    return Error(sqlstate::kNoAnswer, what + " gave no answer").detail(detail);
  };
  if (!function_exists(name, types)) {
    throw fails("It is set to " + name + "(" + types + "), which does not exist.")
        .hint("Create the function again, or remove what was set.");
  }
  Rows rows;
  with_subtransaction(
      [&] {
        const NoCallbacks none(what);
        if (effects == Effects::kNone) XactReadOnly = true;  // until the subtransaction ends
        rows = query("SELECT " + name + "(" + parameters + ")::text", args, Access::kCall);
      },
      [&](const CaughtError& error) {
        throw fails(name + " failed with SQLSTATE " + error.sqlstate + ": " + error.message + ".")
            .hint("It must return true or false.");
      });
  if (rows.size() != 1 || !rows[0][0])
    throw fails(name + " returned NULL.").hint("It must return true or false.");
  return *rows[0][0] == "true";
}

struct Precondition {
  std::string name, schema, function, message;

  bool holds(const std::string& company, const Text& actor, Effects effects) const {
    return answer(schema, function, "precondition " + quoted_display(name) + " of deletions",
                  "text, text", "$1, $2", {company, actor}, effects);
  }
};

std::vector<Precondition> preconditions() {
  std::vector<Precondition> all;
  for (const Row& row : own_query("SELECT name, function_schema, function_name, message FROM "
                                  "company_backup.delete_precondition ORDER BY name")) {
    all.push_back({*row[0], *row[1], *row[2], *row[3]});
  }
  return all;
}

// One row, (schema, function), or none.
Rows reauthentication() {
  return own_query(
      "SELECT reauthentication_schema, reauthentication_function FROM company_backup.settings "
      "WHERE reauthentication_function IS NOT NULL");
}

}  // namespace

std::vector<std::string> unmet_preconditions(const std::string& company, const Text& actor) {
  std::vector<std::string> messages;
  for (const Precondition& condition : preconditions()) {
    try {
      if (!condition.holds(company, actor, Effects::kNone)) messages.push_back(condition.message);
    } catch (const Error& error) {
      if (std::string_view(error.sqlstate()) != sqlstate::kNoAnswer) throw;
      messages.push_back(error.message());
    }
  }
  return messages;
}

void require_preconditions(const std::string& company, const Text& actor) {
  for (const Precondition& condition : preconditions()) {
    if (condition.holds(company, actor, Effects::kAllowed)) continue;
    throw Error(sqlstate::kPrecondition, condition.message)
        .detail("Precondition " + quoted_display(condition.name) +
                " of deletions does not hold for company \"" + company + "\".");
  }
}

bool takes_proof() {
  return !reauthentication().empty();
}

void require_proof(const std::string& company, const Text& actor, const Text& proof) {
  const Rows check = reauthentication();
  if (check.empty()) return;
  if (!proof) {
    throw Error(sqlstate::kProof, "deleting a company takes a proof of who asks for it")
        .hint("Let the user log in again, and pass what the application gets for that as proof.");
  }
  const AttemptCounter attempts("proof of " + company);
  if (attempts.failed(proof_block) >= proof_attempts) {
    throw Error(sqlstate::kProofBlocked,
                "too many proofs for this company were not accepted: none is looked at for a while")
        .hint("Wait as long as company_backup.proof_block says, from the last one on.");
  }
  // Before it is asked: a check may raise an error, and whoever guesses may cancel it.
  attempts.note_failure(proof_block);
  if (answer(*check[0][0], *check[0][1], "the check of set_reauthentication()", "text, text, text",
             "$1, $2, $3", {company, actor, proof}, Effects::kAllowed)) {
    return attempts.forget();
  }
  throw Error(sqlstate::kProof, "the proof was not accepted");
}

}  // namespace company_backup
