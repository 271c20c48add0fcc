// The settings under which rows are read.
#pragma once

namespace company_backup {

// Settings that make text forms the same everywhere, and row_security = off, until close().
class PinnedSettings {
 public:
  PinnedSettings();
  void close();

 private:
  int nest_level_;
};

}  // namespace company_backup
