// The settings under which rows are read.
#pragma once

#include "pg/base/closed_by_hand.hpp"

namespace company_backup {

// Settings that make text forms the same everywhere, and row_security = off, until close().
class PinnedSettings : private ClosedByHand {
 public:
  PinnedSettings();
  void close();

 private:
  int nest_level_;
};

}  // namespace company_backup
