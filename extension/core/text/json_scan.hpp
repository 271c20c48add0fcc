// The one loop that both the writer and the reader of rows spend their time in.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace company_backup {

// How many bytes at the front of [data, data + size) are neither ", \ nor a control character below
// 0x20. Looks at eight bytes at a time; in each word the lowest byte with its top bit set is the
// first hit (bytes above it may be false hits, by borrowing).
inline std::size_t plain_prefix(const char* data, std::size_t size) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x8080808080808080;
  std::size_t i = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + 8 <= size; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, data + i, 8);
      const std::uint64_t quote = word ^ kOnes * '"';
      const std::uint64_t backslash = word ^ kOnes * '\\';
      const std::uint64_t hits = ((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) |
                                 ((backslash - kOnes) & ~backslash);
      if ((hits & kTops) != 0) {
        return i + static_cast<std::size_t>(std::countr_zero(hits & kTops)) / 8;
      }
    }
  }
  for (; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(data[i]);
    if (byte < 0x20 || byte == '"' || byte == '\\') break;
  }
  return i;
}

}  // namespace company_backup
