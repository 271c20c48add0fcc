// Text of hostile origin in messages.
#pragma once

#include <string>
#include <string_view>

namespace company_backup {

// `text` with a question mark for every byte that could upset a terminal or an encoding: control
// characters, and everything beyond ASCII if `text` is not UTF-8.
std::string printable(std::string_view text);

// The same in double quotes.
std::string in_quotes(std::string_view text);

// `text` if it has at most `size` bytes, else as many whole characters of it and three dots.
std::string shortened(std::string_view text, std::size_t size);

}  // namespace company_backup
