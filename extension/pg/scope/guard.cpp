#include "pg/scope/guard.hpp"

#include <utility>

#include "core/text/quoting.hpp"
#include "pg/base/act.hpp"
#include "pg/base/actor.hpp"
#include "pg/base/compat.hpp"
#include "pg/base/encoding.hpp"

namespace company_backup {
namespace {

// One row, (schema, function, query), or none; the query, if there is one, is the guard.
Rows guard_setting() {
  return own_query(
      "SELECT guard_schema, guard_function, guard_query FROM company_backup.settings WHERE "
      "guard_function IS NOT NULL OR guard_query IS NOT NULL");
}

// Who is being asked and must not call back; null: nobody.
const std::string* asked = nullptr;

void refuse_callback() {
  if (asked == nullptr) return;
  throw Error(sqlstate::kNoAnswer, "functions of company_backup cannot be called from " + *asked);
}

}  // namespace

bool function_exists(const std::string& name, const std::string& arguments) {
  return one_row(query("SELECT to_regprocedure($1 || '(' || $2 || ')') IS NOT NULL",
                       {name, arguments}))[0] == "t";
}

namespace {

// Yes, if one row of the query does.
bool says_yes(const std::string& guard_query, Action action, const Text& company, const Text& actor,
              const Detail& detail) {
  const Datum json = guarded([text = detail.text().c_str()] {
    return DirectFunctionCall1(jsonb_in, CStringGetDatum(const_cast<char*>(to_server(text))));
  });
  const Rows answer =
      query(guard_query_sql(guard_query),
            {to_text(action), company, actor, Arg::datum(JSONBOID, json)}, Access::kCall);
  return answer.size() == 1 && answer[0][0] && *answer[0][0] == "true";
}

}  // namespace

NoCallbacks::NoCallbacks(const std::string& caller) : before_(asked) {
  asked = &caller;
}

NoCallbacks::~NoCallbacks() {
  asked = before_;
}

namespace {
OnlyAsking* asking = nullptr;
bool is_next_only_asked = false;
}  // namespace

OnlyAsking::OnlyAsking() {
  asking = this;
  is_next_only_asked = true;
}

OnlyAsking::~OnlyAsking() {
  asking = nullptr;
  is_next_only_asked = false;
}

OnlyAsking* OnlyAsking::current() {
  return asking;
}

bool is_only_asked() {
  if (!std::exchange(is_next_only_asked, false)) return false;
  note_trifle();
  return true;
}

// A comment at its end does not hide what follows.
std::string guard_query_sql(const std::string& guard_query) {
  return "SELECT pg_catalog.bool_or(answer.allowed)::pg_catalog.text FROM (" + guard_query +
         "\n) AS answer(allowed)";
}

bool caller_owns_database() {
  return guarded([] { return owns_database(GetUserId()); });
}

Arg caller_role() {
  return Arg::datum(OIDOID, ObjectIdGetDatum(guarded([] { return GetUserId(); })));
}

void require_database_owner(const char* function) {
  note_action(function);
  note_writing();
  refuse_callback();
  if (caller_owns_database()) return;
  throw Error(sqlstate::kInsufficientPrivilege,
              std::string("permission denied for function ") + function)
      .detail("Only the owner of the database and superusers may call it.");
}

void require_guard_or_owner(Action action) {
  action == Action::kList ? note_look(to_text(action)) : note_action(to_text(action));
  refuse_callback();
  if (!guard_setting().empty() || caller_owns_database()) return;
  throw Error(sqlstate::kInsufficientPrivilege, "permission denied to act on companies")
      .detail(std::string("Action \"") + to_text(action) +
              "\": while no guard is set, only the owner of the database and superusers may act.")
      .hint("The database owner sets a guard with set_company_guard().");
}

std::string named_company(const Text& company) {
  return "Company " + company.value_or("(none)");
}

std::string named(const char* kind, int64_t id) {
  return kind + (" " + std::to_string(id));
}

bool is_allowed(const GuardQuestion& question, const Text& company, const Detail& detail) {
  require_guard_or_owner(question.action);
  const Rows settings = guard_setting();
  const Text actor = question.actor || settings.empty() ? question.actor : actor_setting();
  note_asked(company, actor);
  if (settings.empty()) return true;
  if (settings[0][2]) return says_yes(*settings[0][2], question.action, company, actor, detail);
  const std::string name = quote_name(*settings[0][0]) + "." + quote_name(*settings[0][1]);
  if (!function_exists(name, "text, text, text, jsonb")) {
    throw Error(sqlstate::kGuardFailed, "the guard function does not exist")
        .detail("It is set to " + name + "(text, text, text, jsonb).")
        .hint("Create it again, or set another one with set_company_guard().");
  }
  const Rows answer =
      query("SELECT " + name + "($1, $2, $3, $4::jsonb)::text",
            {to_text(question.action), company, actor, detail.text()}, Access::kCall);
  if (answer.size() != 1 || !answer[0][0]) {
    throw Error(sqlstate::kGuardFailed, "the guard gave no answer")
        .detail(name + " returned NULL for action \"" + to_text(question.action) + "\".")
        .hint("It must return true or false for every action.");
  }
  return *answer[0][0] == "true";
}

void authorize(const GuardQuestion& question, const Text& company, const Detail& detail) {
  if (is_allowed(question, company, detail)) return;
  throw Error(sqlstate::kRefusedByGuard,
              std::string("the guard refused action \"") + to_text(question.action) + "\"")
      .detail(question.named + ", actor " +
              (question.actor ? question.actor : actor_setting()).value_or("(none)") + ".");
}

void run_hook(RestoreEvent of, const std::string& company, const std::string& detail) {
  const char* event = to_text(of);
  const Rows hooks = own_query(
      "SELECT hook_schema, hook_function FROM company_backup.hook WHERE event = $1", {event});
  if (hooks.empty()) return;
  const std::string name = quote_name(*hooks[0][0]) + "." + quote_name(*hooks[0][1]);
  if (!function_exists(name, "text, text, jsonb")) {
    throw Error(sqlstate::kStaleRule,
                std::string("the hook function of event \"") + event + "\" does not exist")
        .detail("It is set to " + name + "(text, text, jsonb).")
        .hint("Create it again, or remove the hook with set_company_hook().");
  }
  query("SELECT FROM " + name + "($1, $2, $3::jsonb)", {event, company, detail}, Access::kCall);
}

}  // namespace company_backup
