// What a restore does with IDs: the argument `ids`.
#pragma once

namespace company_backup {

enum class IdMode {
  kAuto,  // kept where nobody else can have them
  kKeep,
  kRemap,  // rows get new IDs
};

const char* to_text(IdMode mode);

}  // namespace company_backup
