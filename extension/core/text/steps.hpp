// What is done in many small steps lets the program look up now and then: in the server, whether
// the statement has been cancelled. In the thread that set it up only.
#pragma once

#include <cstdint>

namespace company_backup {

// Called every some thousand steps; may throw. Null: nothing is.
inline thread_local void (*look_up_from_steps)() = nullptr;

inline void note_step() {
  constexpr std::uint32_t kBetweenLooks = 4096;
  static thread_local std::uint32_t steps = 0;
  if (++steps % kBetweenLooks == 0 && look_up_from_steps != nullptr) look_up_from_steps();
}

}  // namespace company_backup
