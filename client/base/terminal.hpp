// Asking the person at the terminal.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace company_backup::client {

// Asks on /dev/tty without echo, else on stderr and stdin. Throws Error when nothing can be read.
std::string ask_password(const std::string& prompt);

// The terminal the program was started from, whatever its input and output are.
class Terminal {
 public:
  Terminal();
  // False: nobody sits there.
  bool exists() const { return file_ != nullptr; }
  // Prints `text` and reads a line; empty at its end. Throws Error if a signal has come meanwhile.
  std::string ask(const std::string& text);

 private:
  std::unique_ptr<FILE, int (*)(FILE*)> file_;
};

}  // namespace company_backup::client
