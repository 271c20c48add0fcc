#include "pg/base/actor.hpp"

#include "pg/base/arguments.hpp"
#include "pg/base/compat.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/module.hpp"

namespace company_backup {

Text actor_setting() {
  if (actor_name == nullptr || actor_name[0] == '\0') return std::nullopt;
  if (!guarded([] { return is_set_locally("company_backup.actor"); })) {
    throw Error(sqlstate::kActorSetting,
                "company_backup.actor is set for longer than the transaction")
        .detail("Whoever uses this connection next would act for the same person.")
        .hint(
            "Use SET LOCAL, or set_config('company_backup.actor', ..., true), in the transaction.");
  }
  return require_short(std::string(guarded([] { return from_server(actor_name); })),
                       "company_backup.actor");
}

Text actor_argument(FunctionCallInfo fcinfo, int index) {
  Text actor = short_text(fcinfo, index, "actor");
  return actor ? actor : actor_setting();
}

}  // namespace company_backup
