// Secrets that are given out once: whoever has one is whom it was given to. What is stored is their
// digest.
#pragma once

#include <string>

#include "core/text/digest.hpp"

namespace company_backup {

// 64 hexadecimal digits, of 32 bytes of the server's strong random numbers.
std::string make_secret();

// What is stored of it, and what it is found by.
Sha256Digest digest_of_secret(const std::string& secret);

}  // namespace company_backup
