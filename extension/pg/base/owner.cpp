#include "pg/base/owner.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pg/base/compiled_code.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/error_code.hpp"

namespace company_backup {
namespace {

CodePath code_path;

// What names no schema and is not found.
constexpr int kNotFound[] = {ERRCODE_UNDEFINED_FUNCTION, ERRCODE_UNDEFINED_TABLE,
                             ERRCODE_UNDEFINED_OBJECT, ERRCODE_INVALID_SCHEMA_NAME};

}  // namespace

void set_path_of_code(Oid owner) {
  const auto own = superuser_arg(owner) ? code_path.of_owner.end() : code_path.of_owner.find(owner);
  const std::string& path = own == code_path.of_owner.end() ? code_path.trusted : own->second;
  if (path.empty()) return;
  set_config_option("search_path", to_server(path.c_str()), PGC_USERSET, PGC_S_SESSION,
                    GUC_ACTION_SAVE, true, 0, false);
}

void set_code_path(CodePath path) {
  code_path = std::move(path);
}

void OwnersCode::begin(Oid owner) {
  owner_ = owner;
  GetUserIdAndSecContext(&user_, &security_);
  settings_ = NewGUCNestLevel();
  SetUserIdAndSecContext(owner,
                         security_ | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
  set_path_of_code(owner);
  temporary_.hide();
  forget_compiled_code();
}

void OwnersCode::end() const {
  temporary_.show();
  AtEOXact_GUC(false, settings_);
  SetUserIdAndSecContext(user_, security_);
}

void OwnersCode::turn_to(Oid owner) {
  if (owner == owner_) return;
  end();
  begin(owner);
}

bool is_of_path(std::string_view sqlstate) {
  return std::any_of(std::begin(kNotFound), std::end(kNotFound),
                     [&](int code) { return code == errcode_of(sqlstate.data()); });
}

std::string hint_of_path(const std::string& what) {
  if (code_path.path.empty()) {
    return "If the " + what +
           " relies on the application's search_path, say which one it is: " + code_path.statement;
  }
  return "The " + what + " runs with those schemas of search_path " + code_path.path +
         " in which nobody else may create objects: only its owner and superusers.";
}

std::string path_hint(int errcode, const std::string& what) {
  // Not by is_of_path(): unpack_sql_state() writes where it wrote before.
  const bool of_path =
      std::find(std::begin(kNotFound), std::end(kNotFound), errcode) != std::end(kNotFound);
  return of_path ? hint_of_path(what) : std::string();
}

std::string code_on(const std::string& table) {
  return "code on table \"" + table +
         "\" (a default, a check, a generated column or an index expression)";
}

bool is_trusted(Oid role) {
  return role == GetUserId() || superuser_arg(role);
}

Oid owner_of_relation(Oid relation) {
  HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for relation %u", relation);
  const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
  ReleaseSysCache(tuple);
  return owner;
}

AsOwnerOf::AsOwnerOf(Oid relation, Superusers superusers)
    : before_(boundary::current_user_context()), temporary_before_(temp_schema_state()) {
  const Oid caller = before_.user;
  const Oid owner = guarded([=] {
    const Oid role = owner_of_relation(relation);
    return superusers == Superusers::kLetCallerAct && superuser_arg(role) ? caller : role;
  });
  boundary::restore({owner, before_.security | SECURITY_LOCAL_USERID_CHANGE |
                                SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS});
  HiddenTempSchema().hide();  // the state of before is put back
}

AsOwnerOf::~AsOwnerOf() {
  boundary::restore(before_);
  restore_temp_schema(temporary_before_);
}

AsRole::AsRole(Oid role)
    : before_(boundary::current_user_context()), temporary_before_(temp_schema_state()) {
  boundary::restore(
      {role, before_.security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION});
  HiddenTempSchema().hide();  // the state of before is put back
}

AsRole::~AsRole() {
  boundary::restore(before_);
  restore_temp_schema(temporary_before_);
}

int begin_settings_of_role() {
  return guarded([] {
    const int nest = NewGUCNestLevel();
    set_config_option("company_backup.actor", "", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                      0, false);
    return nest;
  });
}

void end_settings_of_role(int nest) {
  guarded([nest] { AtEOXact_GUC(false, nest); });
}

}  // namespace company_backup
