// The order of rows in an archive: by the columns of their key.
#pragma once

#include <string_view>

#include "core/manifest.hpp"

namespace company_backup {

// Below, equal to or above zero, as a stands before, at or after b. Texts are unescaped. Error
// kBadArchive for an integer key that is not an integer.
int compare_keys(KeyOrder order, std::string_view a, std::string_view b);

// Error kBadArchive unless `text` can be a key of this order.
void check_key(KeyOrder order, std::string_view text);

}  // namespace company_backup
