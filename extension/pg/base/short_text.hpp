// A text in shared memory: plain data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace company_backup {

// UTF-8, cut where it is too long; empty: none.
template <std::size_t kSize>
struct ShortText {
  char bytes[kSize];

  const char* c_str() const { return bytes; }
  bool empty() const { return bytes[0] == '\0'; }
  void set(std::string_view text) {
    std::size_t size = std::min(text.size(), kSize - 1);
    while (size > 0 && size < text.size() && (text[size] & 0xC0) == 0x80) --size;
    std::copy_n(text.data(), size, bytes);
    bytes[size] = '\0';
  }
};

}  // namespace company_backup
