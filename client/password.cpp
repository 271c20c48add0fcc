#include "client/password.hpp"

#include <termios.h>

#include <cstdio>
#include <memory>

#include "core/error.hpp"

namespace company_backup::client {
namespace {

// No echo for as long as it lives.
class Silence {
 public:
  explicit Silence(int descriptor) : descriptor_(descriptor) {
    active_ = tcgetattr(descriptor_, &before_) == 0;
    if (!active_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(descriptor_, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (active_) tcsetattr(descriptor_, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int descriptor_;
  bool active_;
  termios before_{};
};

}  // namespace

std::string ask_password(const std::string& prompt) {
  const std::unique_ptr<FILE, int (*)(FILE*)> terminal(std::fopen("/dev/tty", "r+"), &std::fclose);
  FILE* in = terminal ? terminal.get() : stdin;
  FILE* out = terminal ? terminal.get() : stderr;
  std::fputs(prompt.c_str(), out);
  std::fflush(out);
  std::string password;
  int character = EOF;
  {
    const Silence silence(fileno(in));
    while ((character = std::fgetc(in)) != EOF && character != '\n') {
      password.push_back(static_cast<char>(character));
    }
  }
  std::fputs("\n", out);
  if (character == EOF && password.empty()) {
    throw Error("28P01", "a password is needed, but none could be read")
        .hint("Use a password file or PGPASSWORD where nobody sits at the terminal.");
  }
  return password;
}

}  // namespace company_backup::client
