// What has been answered so far, in a file: a lost connection, or a terminal that is closed, loses
// nothing. The file can be run as it is, or taken up by the next "init".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/base/terminal.hpp"
#include "client/commands/proposals.hpp"

namespace company_backup::client {

class Answers {
 public:
  // `output`: the file that the answers are to go to in the end.
  Answers(const std::string& output, Terminal& terminal);

  const std::string& path() const { return path_; }
  bool exist() const;
  // What an "init" that did not come to its end has left there; nothing: there is no such file.
  std::optional<std::vector<Proposal>> left() const;
  // Replaces what is in the file. If it cannot be written, that is told once, and stops nobody.
  void keep(const std::string& sql);
  void remove();

 private:
  std::string path_;
  Terminal& terminal_;
  bool told_ = false;
};

}  // namespace company_backup::client
