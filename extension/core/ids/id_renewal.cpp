#include "core/ids/id_renewal.hpp"

#include <algorithm>

#include "core/text/alphabets.hpp"
#include "core/text/hex.hpp"

namespace company_backup {
namespace {

constexpr std::string_view kSmallLetters = "abcdefghijklmnopqrstuvwxyz";

uint64_t big_endian(const uint8_t* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

bool is_lower_case(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_time_ordered(const UuidBytes& uuid) {
  const unsigned version = uuid[6] >> 4;
  return (version == 1 || version == 6 || version == 7) && uuid[8] >> 6 == 2;
}

}  // namespace

// A key before the text is enough here: nobody sees whole digests, so that none can be extended.
Sha256Digest Renewal::digest(uint8_t block, std::string_view id) const {
  sha256_.update({reinterpret_cast<const char*>(key_.data()), key_.size()});
  sha256_.update({reinterpret_cast<const char*>(&block), 1});
  sha256_.update(id);
  return sha256_.finish();
}

bool Renewal::read(std::string_view old_id, Reading& reading) const {
  const auto payload = id_payload(form_, old_id);
  if (!payload) return false;
  reading.payload = *payload;
  if (form_.shape == IdShape::kUuid) {
    reading.uuid = *parse_uuid(*payload);
    reading.identity = {big_endian(reading.uuid.data()), big_endian(reading.uuid.data() + 8)};
    return true;
  }
  reading.digest = digest(0, *payload);
  reading.identity = {big_endian(reading.digest.data()), big_endian(reading.digest.data() + 8)};
  return true;
}

void Renewal::write(std::string_view old_id, const Reading& reading, std::string& new_id) const {
  new_id = old_id;
  const size_t size = reading.payload.size();
  char* to = new_id.data() + form_.prefix.size();
  switch (form_.shape) {
    case IdShape::kNone:
      return;
    case IdShape::kUuid:
      return write_uuid(reading, to);
    case IdShape::kUlid:
      return pour(is_lower_case(reading.payload) ? kCrockfordLower : kCrockford, reading, to + 10,
                  size - 10);
    case IdShape::kCuid:
      return pour(kBase36, reading, to + 9, size - 9);
    case IdShape::kKsuid:
      return pour(kBase62, reading, to + 6, size - 6);
    case IdShape::kNanoid:
      return pour(kNanoidLetters, reading, to, size);
    case IdShape::kCuid2:
      pour(kBase36, reading, to + 1, size - 1);
      *to = kSmallLetters[reading.digest[31] % kSmallLetters.size()];
      return;
    case IdShape::kToken:
      return pour(form_.alphabet, reading, to, size);
  }
}

bool Renewal::renew(std::string_view old_id, std::string& new_id) const {
  Reading reading;
  if (!read(old_id, reading)) return false;
  write(old_id, reading, new_id);
  return true;
}

void Renewal::write_uuid(const Reading& reading, char* to) const {
  const Sha256Digest hashed =
      digest(0, {reinterpret_cast<const char*>(reading.uuid.data()), reading.uuid.size()});
  UuidBytes uuid = reading.uuid;
  const size_t kept = is_time_ordered(uuid) ? 8 : 0;
  std::copy(hashed.begin() + kept, hashed.begin() + uuid.size(), uuid.begin() + kept);
  if (kept == 0) uuid[6] = static_cast<uint8_t>(0x40 | (uuid[6] & 0x0F));
  uuid[8] = static_cast<uint8_t>(0x80 | (uuid[8] & 0x3F));
  const bool lower = is_lower_case(reading.payload);
  const char* digits = lower ? kHexDigits : "0123456789ABCDEF";
  size_t digit = 0;
  for (size_t i = 0; i < reading.payload.size(); ++i) {
    const char c = reading.payload[i];
    if (c == '-' || c == '{' || c == '}') continue;
    to[i] = digits[digit % 2 == 0 ? uuid[digit / 2] >> 4 : uuid[digit / 2] & 15];
    ++digit;
  }
}

// Eight characters from each 64 bits: what the alphabet's size leaves over makes no difference.
void Renewal::pour(std::string_view alphabet, const Reading& reading, char* to,
                   size_t count) const {
  Sha256Digest hashed = reading.digest;
  uint64_t bits = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i % 32;
    if (i > 0 && at == 0) hashed = digest(static_cast<uint8_t>(i / 32), reading.payload);
    if (at % 8 == 0) bits = big_endian(hashed.data() + at);
    to[i] = alphabet[bits % alphabet.size()];
    bits /= alphabet.size();
  }
}

}  // namespace company_backup
