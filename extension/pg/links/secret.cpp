#include "pg/links/secret.hpp"

#include <array>
#include <string_view>

#include "core/text/hex.hpp"
#include "pg/base/boundary.hpp"

namespace company_backup {

std::string make_secret() {
  std::array<char, 32> bytes{};
  guarded([&bytes] {
    if (pg_strong_random(bytes.data(), bytes.size())) return;
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("there are no random numbers")));
  });
  std::string secret;
  append_hex(secret, {bytes.data(), bytes.size()});
  return secret;
}

Sha256Digest digest_of_secret(const std::string& secret) {
  return sha256(secret);
}

}  // namespace company_backup
