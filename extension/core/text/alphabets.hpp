// The letters of generated IDs, in the order of their values.
#pragma once

#include <string_view>

namespace company_backup {

inline constexpr std::string_view kBase36 = "0123456789abcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kNanoidLetters =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
inline constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
inline constexpr std::string_view kCrockfordLower = "0123456789abcdefghjkmnpqrstvwxyz";

}  // namespace company_backup
