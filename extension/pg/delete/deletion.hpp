// Deleting a company: all its rows, whatever table they are in, and what the extension keeps of it.
#pragma once

#include <cstdint>
#include <string>

#include "pg/scope/company_identity.hpp"

namespace company_backup {

struct DeleteOptions {
  std::string confirm_name;
  bool final_backup = false;
  bool erase = false;  // nothing of it may come back
  Text proof;
  Text actor;
};

// Returns the number of the deletion. Errors: kNameDiffers, those of confirmation.hpp, kInReview,
// kPublished, 42501, kIntegrity for rows outside that stand in the way, kSerializationFailure,
// kUnknownCompany also if it was deleted while others had the company locked.
int64_t delete_company(LiveScope live, const AskedCompany& target, const DeleteOptions& options);

// What delete_company() would do and what stands in its way, as rows of preview_delete(). Changes
// nothing.
Rows preview_delete(LiveScope live, const AskedCompany& target, const Text& actor);

}  // namespace company_backup
