// Rules are tried out in transactions that are taken back, for as long as it takes to look at the
// rows. With company_backup.rehearsal what would keep others from writing meanwhile is left undone,
// and the transaction cannot be committed.
#pragma once

namespace company_backup {

extern bool rehearsal;  // company_backup.rehearsal

// To be called once, when the module is loaded.
void install_rehearsal_guard();

// Is something to be left undone? Then the transaction can no longer be committed, unless the
// subtransaction is rolled back.
bool leaves_undone();

// Was something, in this transaction?
bool is_rehearsed();

}  // namespace company_backup
