// SHA-256, HMAC-SHA256 and their hex form (libcrypto).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;
struct evp_mac_ctx_st;

namespace company_backup {

using Sha256Digest = std::array<std::uint8_t, 32>;

// A running SHA-256. Move-only; may be used from any one thread at a time.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  // The digest of everything since construction or the last finish(); starts anew afterwards.
  Sha256Digest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// A running HMAC-SHA256.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  void update(std::string_view bytes);
  Sha256Digest finish();  // once

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
};

Sha256Digest sha256(std::string_view bytes);
Sha256Digest hmac_sha256(std::string_view key, std::string_view data);

// Lower-case hex; 64 characters for a digest.
std::string hex(const Sha256Digest& digest);
// Nothing unless `text` is exactly 64 lower-case hex digits.
std::optional<Sha256Digest> parse_hex(std::string_view text);

// Compares without telling by its duration where two digests differ.
bool equal_constant_time(const Sha256Digest& a, const Sha256Digest& b) noexcept;

}  // namespace company_backup
