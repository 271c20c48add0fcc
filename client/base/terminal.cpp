#include "client/base/terminal.hpp"

#include <termios.h>

#include "client/base/printable.hpp"
#include "client/base/signals.hpp"
#include "core/text/error.hpp"

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

// Up to the end of the line, which is left out. False: there was nothing but the end of the input.
bool read_line(FILE* in, std::string& line) {
  int character = EOF;
  while ((character = std::fgetc(in)) != EOF && character != '\n') {
    line.push_back(static_cast<char>(character));
  }
  return character != EOF || !line.empty();
}

}  // namespace

std::string ask_password(const std::string& prompt) {
  const std::unique_ptr<FILE, int (*)(FILE*)> terminal(std::fopen("/dev/tty", "r+"), &std::fclose);
  FILE* in = terminal ? terminal.get() : stdin;
  FILE* out = terminal ? terminal.get() : stderr;
  std::fputs(printable_lines(prompt).c_str(), out);
  std::fflush(out);
  std::string password;
  bool read = false;
  {
    const Silence silence(fileno(in));
    read = read_line(in, password);
  }
  std::fputs("\n", out);
  if (!read) {
    throw Error("28P01", "a password is needed, but none could be read")
        .hint("Use a password file or PGPASSWORD where there is no terminal.");
  }
  return password;
}

Terminal::Terminal()
    : in_(std::fopen("/dev/tty", "r"), &std::fclose),
      out_(std::fopen("/dev/tty", "w"), &std::fclose) {}

void Terminal::print(std::string_view text) {
  std::fputs(printable_lines(text).c_str(), out_.get());
  std::fflush(out_.get());
}

std::optional<std::string> Terminal::ask(std::string_view text) {
  print(text);
  return read_answer();
}

std::optional<std::string> Terminal::ask_unseen(std::string_view text) {
  const Silence silence(fileno(in_.get()));
  print(text);
  std::optional<std::string> answer = read_answer();
  if (answer) print("\n");  // the one that the person has typed is not shown, either
  return answer;
}

std::optional<std::string> Terminal::read_answer() {
  std::string line;
  const bool read = wait_for_input(fileno(in_.get())) && read_line(in_.get(), line);
  if (!read) print("\n");  // the person has not ended the line
  check_interrupted();
  if (!read) return std::nullopt;
  return line;
}

}  // namespace company_backup::client
