// Passes that let a backup be read through its link: one is given when a link is redeemed, and
// taken when the reading begins. They are in shared memory, so that no rollback gives one back; a
// restart of the server takes all of them. If very many are given and not taken, the oldest goes.
#pragma once

#include <cstdint>

namespace company_backup {

// Of the current database. A link has one pass, however often it is given.
void give_pass(int64_t link);

// Takes it from everybody. False: there is none (any more).
bool take_pass(int64_t link);

}  // namespace company_backup
