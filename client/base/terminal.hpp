// Asking the person at the terminal.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace company_backup::client {

// Asks on /dev/tty without echo, else on stderr and stdin. Throws Error when nothing can be read.
std::string ask_password(const std::string& prompt);

// The terminal the program was started from, whatever its input and output are.
class Terminal {
 public:
  Terminal();
  // False: nobody sits there.
  bool exists() const { return in_ != nullptr && out_ != nullptr; }
  void print(std::string_view text);
  // Prints `text` and reads a line; nothing at the end of the input. Throws Error if a signal has
  // come meanwhile.
  std::optional<std::string> ask(std::string_view text);
  // The same; what is typed is not shown.
  std::optional<std::string> ask_unseen(std::string_view text);

 private:
  std::optional<std::string> read_answer();

  using File = std::unique_ptr<FILE, int (*)(FILE*)>;
  File in_, out_;
};

}  // namespace company_backup::client
