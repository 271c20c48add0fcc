// A text for a worker that must not be written anywhere: in shared memory of its own, from before
// the worker is started until it has read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace company_backup {

using SecretHandle = uint32_t;
inline constexpr SecretHandle kNoSecret = 0;

SecretHandle leave_secret(std::string_view text);
void forget_secret(SecretHandle handle);  // for which no worker could be started
std::string take_secret(SecretHandle handle);

}  // namespace company_backup
