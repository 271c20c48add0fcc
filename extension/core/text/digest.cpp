#include "core/text/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/text/error.hpp"
#include "core/text/hex.hpp"

namespace company_backup {

namespace {

void require(bool ok) {
  if (!ok) throw Error(sqlstate::kInternal, "the cryptographic library failed");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(std::string_view bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  return digest;
}

Sha256Digest sha256(std::string_view bytes) {
  Sha256 state;
  state.update(bytes);
  return state.finish();
}

void HmacSha256::Free::operator()(evp_mac_ctx_st* context) const noexcept {
  EVP_MAC_CTX_free(context);
}

HmacSha256::HmacSha256(std::string_view key) {
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  context_.reset(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);  // the context keeps its own reference
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0),
                                   OSSL_PARAM_construct_end()};
  // A null pointer would mean "no key yet".
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
  require(context_ && EVP_MAC_init(context_.get(), bytes, key.size(), parameters) == 1);
}

void HmacSha256::update(std::string_view bytes) {
  require(EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                         bytes.size()) == 1);
}

Sha256Digest HmacSha256::finish() {
  Sha256Digest digest;
  std::size_t size = 0;
  require(EVP_MAC_final(context_.get(), digest.data(), &size, digest.size()) == 1);
  return digest;
}

Sha256Digest hmac_sha256(std::string_view key, std::string_view data) {
  HmacSha256 state(key);
  state.update(data);
  return state.finish();
}

std::string hex(const Sha256Digest& digest) {
  std::string text;
  text.reserve(2 * digest.size());
  append_hex(text, {reinterpret_cast<const char*>(digest.data()), digest.size()});
  return text;
}

std::optional<Sha256Digest> parse_hex(std::string_view text) {
  Sha256Digest digest;
  if (text.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = lower_hex_value(text[2 * i]);
    const int low = lower_hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digest;
}

bool equal_constant_time(const Sha256Digest& a, const Sha256Digest& b) noexcept {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace company_backup
