// Acting as somebody else. Three ways, and no others:
//
// OwnersCode, around code that an owner wrote and that runs because we touch what he owns:
// defaults, CHECKs, generated columns, expressions of indexes and partition keys, domains. It runs
// as he, in a security-restricted operation, with the search_path of the rules, without the
// session's temporary schema, and no setting that it makes outlives it. Inside guarded(), which
// puts the user and the schema back after an error; the settings go with the (sub)transaction that
// the error ends.
//
// AsOwnerOf, around our own SQL, for what PostgreSQL itself does as the owner: looking up and
// locking the targets of foreign keys (ri_triggers.c), moving sequences. Nobody's code runs there:
// what planning would run, pg/base/planning.hpp hands to its owners; every query takes back
// settings. The session's temporary schema is hidden all the same.
//
// as_role(), around what a role has asked to be done later, in a session that need not be its own:
// all that runs as the caller runs as that role, the guard, too.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "pg/base/boundary.hpp"
#include "pg/base/temp_schema.hpp"

namespace company_backup {

// With what search_path owners' code runs, since the rules were last read: those schemas of it in
// which, the owner of the code and superusers aside, nobody may create objects. Else somebody could
// put there what the code then takes for its own. Where a path is empty: the one of our own SQL.
struct CodePath {
  std::string path;                     // as the rules have it
  std::string trusted;                  // for code of superusers, and of those not in `of_owner`
  std::map<Oid, std::string> of_owner;  // for code of these
  std::string statement;                // that sets it, for hints
};
void set_code_path(CodePath path);
// For code of `owner`, in the GUC level that is open. Inside guarded() only.
void set_path_of_code(Oid owner);

// Plain data.
class OwnersCode {
 public:
  // Inside guarded() only; each begin() has its end(), unless an error leaves guarded().
  void begin(Oid owner);
  void end() const;
  // end() and begin() as another owner, if it is another one.
  void turn_to(Oid owner);

 private:
  Oid owner_ = InvalidOid;
  Oid user_ = InvalidOid;
  int security_ = 0;
  int settings_ = 0;
  HiddenTempSchema temporary_;
};

// Runs `body`, which may write, as `owner`; sees what this transaction has written. Inside
// guarded() only.
template <class Body>
void run_owners_code(Oid owner, Body&& body) {
  OwnersCode code;
  code.begin(owner);
  PushActiveSnapshot(GetTransactionSnapshot());
  body();
  PopActiveSnapshot();
  code.end();
}

// The error of an owner's code that did not find what it names without a schema?
bool is_of_path(std::string_view sqlstate);
// What to do then; `what` may have failed, as in `default of column "code" of table "app.item"`.
std::string hint_of_path(const std::string& what);

// The same by errcode(), empty for other errors; and guarded() around owners' code that gives it.
std::string path_hint(int errcode, const std::string& what);
template <class Body>
auto guarded_code(const std::string& what, Body&& body) {
  return guarded_with_hint(body, [&what](int errcode) { return path_hint(errcode, what); });
}
// For `what`: all that a table has.
std::string code_on(const std::string& table);

// Whose code the current user may run as himself, and whose decisions he relies on: his own and
// superusers'.
bool is_trusted(Oid role);

// Inside guarded() only.
Oid owner_of_relation(Oid relation);

enum class Superusers {
  kActAsOwners,  // for what PostgreSQL does as the owner, whoever that is
  kLetCallerAct  // for code on their tables: see owner_of_code()
};

class AsOwnerOf {
 public:
  // No row-level security applies to the owner meanwhile.
  explicit AsOwnerOf(Oid relation, Superusers superusers = Superusers::kActAsOwners);
  ~AsOwnerOf();
  AsOwnerOf(const AsOwnerOf&) = delete;
  AsOwnerOf& operator=(const AsOwnerOf&) = delete;

 private:
  boundary::UserContext before_;
  TempSchemaState temporary_before_;
};

class AsRole {
 public:
  explicit AsRole(Oid role);
  ~AsRole();
  AsRole(const AsRole&) = delete;
  AsRole& operator=(const AsRole&) = delete;

 private:
  boundary::UserContext before_;
  TempSchemaState temporary_before_;
};

// Runs `body` as the role, in a restricted operation. What the session says of its own actor does
// not count, and settings that are made in it are gone after it.
int begin_settings_of_role();
void end_settings_of_role(int nest);
template <class Body>
void as_role(Oid role, Body&& body) {
  const AsRole as(role);
  const int nest = begin_settings_of_role();
  body();
  end_settings_of_role(nest);
}

}  // namespace company_backup
