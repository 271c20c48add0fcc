// Whom a call acts for: what its argument says, else the setting company_backup.actor. Connections
// are shared between people, so the setting counts only where it ends with the transaction.
#pragma once

#include "pg/base/spi.hpp"

namespace company_backup {

// Error kActorSetting: the setting has a value that would outlive the transaction.
Text actor_setting();

// The argument of a function, or the setting. At most 10,000 bytes, as short_text() has it.
Text actor_argument(FunctionCallInfo fcinfo, int index);

}  // namespace company_backup
