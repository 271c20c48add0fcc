// Creating a company: from a backup, or as a copy of another one.
#pragma once

#include <string>

#include "core/ids/id_mode.hpp"
#include "pg/backup/stored_backup.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class AskedCompany;

struct CreateOptions {
  std::string attributes = "{}";  // a JSON object: values of the new company's row
  IdMode ids = IdMode::kAuto;
  Text actor;
  bool moves = false;  // identity columns keep values that nobody here has
};

// Both return the key of the new company. Errors: kBadAttribute (it also asks for values that the
// row needs and nothing gives), kRefusedIds, and those of MatchedArchive.

std::string create_from(LiveScope live, const StoredBackup& backup, const CreateOptions& options);

// Nothing is stored on the way; CreateOptions::ids does not count.
std::string clone_company(LiveScope live, const AskedCompany& source, const CreateOptions& options);

}  // namespace company_backup
