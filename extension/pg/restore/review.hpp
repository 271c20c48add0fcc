// Ending a review: keeping a restore, or taking it back.
#pragma once

#include "pg/base/spi.hpp"

namespace company_backup {

// Errors of both: kNotInReview.
void keep_restore(int64_t restore, const Text& actor);

// Makes the company what it was before the restore, edits of the review included; says in a NOTICE
// how many it discards. Errors: kSerializationFailure, kIntegrity, kSchemaDiffers.
void revert_restore(int64_t restore, const Text& actor);

}  // namespace company_backup
