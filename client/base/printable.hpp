// What reaches a terminal, a log or a reader of JSON: text of foreign origin (names, keys, messages
// of a server) may hold characters that command a terminal, or that reorder or hide what stands
// beside them. Everything the client prints goes through here; only exported archives do not.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <streambuf>
#include <string>
#include <string_view>

namespace company_backup::client {

// On one line: line ends, control characters (those of Unicode, too), characters that reorder or
// hide text, and bytes that are no UTF-8 become \n, \x1b, \u202e and the like.
std::string printable(std::string_view text);

// The same of text whose line ends are meant.
std::string printable_lines(std::string_view text);

// JSON that says the same, with all of that as escapes of JSON.
std::string printable_json(std::string_view json);

// SQL that says the same: quoted names and strings that hold such characters become U&"..." and
// U&'...'.
std::string printable_sql(std::string_view sql);

// On stderr, with a line end, after what waits in std::cout.
void print_message(std::string_view text);

// While it lives, whatever goes to `stream` is made printable, line by line.
class PrintableStream : private std::streambuf {
 public:
  explicit PrintableStream(std::ostream& stream);
  ~PrintableStream() override;
  PrintableStream(const PrintableStream&) = delete;
  PrintableStream& operator=(const PrintableStream&) = delete;

 private:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;
  bool hand_over(std::size_t size);

  std::ostream& stream_;
  std::streambuf* const target_;
  std::string waiting_;  // the beginning of a line
};

}  // namespace company_backup::client
