// Who may do what: the database owner for set-up, the guard (or, without one, the owner) for work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/merge/restore_words.hpp"
#include "core/scope/action.hpp"
#include "core/text/json_object.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

// Error 42501 unless the caller owns the database or is a superuser.
void require_database_owner(const char* function);

bool caller_owns_database();

// The caller's role, for what belongs to one: a name may be another role's tomorrow. An OID is
// another role's in another cluster, where a database has another identity than here.
Arg caller_role();

// Error 42501 if no guard is set and the caller does not own the database. Every function that
// works on companies calls it first, so that strangers learn nothing, not even that a company
// exists.
void require_guard_or_owner(Action action);

// What a question to the guard carries; docs/APPLICATION.md lists its members.
using Detail = JsonObject;

// What somebody wants to do, and to what, in the caller's own words ("Company acme", "Backup 7"):
// a refusal repeats these and says nothing else, so that whoever is refused does not learn what
// there is.
struct GuardQuestion {
  Action action;
  Text actor;
  std::string named;
};

std::string named_company(const Text& company);
std::string named(const char* kind, int64_t id);  // "Backup 7"

// What is run for the query of set_company_guard_query(): $1 to $4 are action, company, actor and
// detail.
std::string guard_query_sql(const std::string& guard_query);

// Asks the guard whether the caller may do it to `company` (its key; NULL: no one company). The
// guard runs as the caller. Errors: what the guard raises, kGuardFailed (gone, or NULL), 42501
// without a guard.
bool is_allowed(const GuardQuestion& question, const Text& company, const Detail& detail = {});

// The same; error kRefusedByGuard if not.
void authorize(const GuardQuestion& question, const Text& company, const Detail& detail = {});

// Does schema.name(arguments) exist? Both as they are written in SQL.
bool function_exists(const std::string& name, const std::string& arguments);

// While one lives, functions of the extension that ask for rights refuse to be called.
class NoCallbacks {
 public:
  explicit NoCallbacks(const std::string& caller);  // for messages; must outlive it
  ~NoCallbacks();
  NoCallbacks(const NoCallbacks&) = delete;
  NoCallbacks& operator=(const NoCallbacks&) = delete;

 private:
  const std::string* before_;
};

// While one lives, the next function that acts on a company only looks at its arguments and asks
// for rights, and returns NULL or no rows: start_job() learns so what its job would hear, and which
// company that is about.
class OnlyAsking {
 public:
  struct Company {
    std::string key;
    int64_t identity;
  };

  OnlyAsking();
  ~OnlyAsking();
  OnlyAsking(const OnlyAsking&) = delete;
  OnlyAsking& operator=(const OnlyAsking&) = delete;

  static OnlyAsking* current();  // nullptr: none lives
  void note_company(Company company) { company_ = std::move(company); }
  const std::optional<Company>& company() const { return company_; }

 private:
  std::optional<Company> company_;
};
// For such a function, as the first thing: is it only to ask? Whatever it calls is not.
bool is_only_asked();

// Runs the hook of an event, if one is set, as the caller.
void run_hook(RestoreEvent event, const std::string& company, const std::string& detail);

}  // namespace company_backup
