// The session's temporary schema is its user's, and PostgreSQL looks into it whatever the
// search_path is. What he puts there must not stand for what an owner's code names without a
// schema: it would run with the owner's rights. So the session has none while such code runs.
#pragma once

#include "pg/base/postgres.hpp"

namespace company_backup {

// To be called once, when the module is loaded.
void install_temp_schema_guard();

// Plain data.
class HiddenTempSchema {
 public:
  // Inside guarded() only; each hide() has its show(), unless an error leaves guarded().
  void hide();
  void show() const;

 private:
  Oid schema_ = InvalidOid;
  Oid toast_ = InvalidOid;
};

// What guarded() puts back after an error. Neither of these raises one.
struct TempSchemaState {
  int depth;
  Oid schema, toast;
};
TempSchemaState temp_schema_state();
void restore_temp_schema(const TempSchemaState& state);

}  // namespace company_backup
