#include "pg/base/temp_schema.hpp"

#include "pg/base/compiled_code.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
extern "C" {
#include "catalog/dependency.h"
#include "catalog/objectaccess.h"
#include "storage/proc.h"
#include "utils/inval.h"
}
#pragma GCC diagnostic pop

namespace company_backup {
namespace {

object_access_hook_type next_access = nullptr;
int hidden = 0;                 // how often hide() was called without show()
bool forgot_relations = false;  // while hidden

// A session that seems to have no temporary schema, and needs one, first empties the schema of its
// number. This session has one, only hidden.
void refuse_emptying(ObjectAccessType access, Oid catalog, Oid object, int part, void* argument) {
  if (next_access != nullptr) next_access(access, catalog, object, part, argument);
  if (access != OAT_DROP || hidden == 0 || !OidIsValid(MyProc->tempNamespaceId)) return;
  const auto* drop = static_cast<const ObjectAccessDrop*>(argument);
  if ((drop->dropflags & PERFORM_DELETION_SKIP_ORIGINAL) == 0) return;
  ereport(ERROR,
          (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
           errmsg("code on a table cannot create temporary objects while company_backup runs it")));
}

// All at once are forgotten when a session has missed too much of what others did.
void note_forgetting(Datum, Oid relation) {
  if (hidden > 0 && !OidIsValid(relation)) forgot_relations = true;
}

void set_depth(int depth) {
  hidden = depth;
  judge_functions(depth > 0);
}

void set_state(Oid schema, Oid toast) {
  SetTempNamespaceState(schema, toast);
  MyProc->tempNamespaceId = schema;  // what was made and rolled back meanwhile may have reset it
}

}  // namespace

void install_temp_schema_guard() {
  next_access = object_access_hook;
  object_access_hook = refuse_emptying;
  CacheRegisterRelcacheCallback(note_forgetting, 0);
}

void HiddenTempSchema::hide() {
  GetTempNamespaceState(&schema_, &toast_);
  set_depth(hidden + 1);
  if (OidIsValid(schema_)) SetTempNamespaceState(InvalidOid, InvalidOid);
}

void HiddenTempSchema::show() const {
  set_depth(hidden - 1);
  if (!OidIsValid(schema_)) return;
  set_state(schema_, toast_);
  if (!forgot_relations || hidden > 0) return;
  forgot_relations = false;
  RelationCacheInvalidate(false);  // open temporary tables were taken for those of another session
}

TempSchemaState temp_schema_state() {
  TempSchemaState state{hidden, InvalidOid, InvalidOid};
  GetTempNamespaceState(&state.schema, &state.toast);
  return state;
}

void restore_temp_schema(const TempSchemaState& state) {
  if (hidden == state.depth) return;
  set_depth(state.depth);
  if (OidIsValid(state.schema)) set_state(state.schema, state.toast);
}

}  // namespace company_backup
