#include "core/ids/id_mode.hpp"

namespace company_backup {

const char* to_text(IdMode mode) {
  switch (mode) {
    case IdMode::kAuto:
      return "auto";
    case IdMode::kKeep:
      return "keep";
    case IdMode::kRemap:
      return "remap";
  }
  return "";
}

}  // namespace company_backup
