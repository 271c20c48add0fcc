// A manifest as it is stored: its texts are UTF-8 there, and in the server's encoding in the
// Manifest that everything else works with.
#pragma once

#include <string>

#include "core/archive/manifest.hpp"

namespace company_backup {

// Error kUnreadable as to_readable_json(); an error of PostgreSQL's if a text is not valid in the
// server's encoding.
std::string write_manifest(Manifest manifest);

// What write_manifest() or another database wrote. Errors as from_json(), and one of PostgreSQL's
// if a name has characters that this database's encoding has not.
Manifest read_manifest(const std::string& json);

}  // namespace company_backup
