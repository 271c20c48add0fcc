// Companies whose rows the application may not write for a while: those that move elsewhere, or are
// about to be deleted. Only where the application has put the trigger of refuse_frozen() is a write
// refused; what the extension itself writes is not.
#pragma once

#include <string>

#include "pg/base/spi.hpp"

namespace company_backup {

// Waits for transactions that have passed refuse_frozen(). `company`: its identity. False: it is
// frozen already.
bool freeze(int64_t company, const std::string& key, const Text& actor);
bool unfreeze(int64_t company);  // false: it is not frozen

// Error kFrozen if the company is, as of now. Until the transaction ends, whoever freezes it waits.
void refuse_frozen(const std::string& key, const std::string& table);

}  // namespace company_backup
