// What the extension's own tables say: rules, settings, identity.
#pragma once

#include <string>

#include "core/scope/schema.hpp"

namespace company_backup {

Rules load_rules();

struct DatabaseIdentity {
  std::string identity;  // a lower-case uuid
  std::string key;       // signs the archives of this database; 32 bytes
};
DatabaseIdentity database_identity();

}  // namespace company_backup
