// Steps through JSON text and checks its grammar: escapes, numbers, nesting. No recursion, no tree,
// no conversion. Whether the text is UTF-8 is for the caller to check.
#pragma once

#include <string>
#include <string_view>

namespace company_backup {

class JsonScanner {
 public:
  // `max_depth`: containers open at once inside one skip_value().
  JsonScanner(std::string_view text, std::size_t max_depth)
      : at_(text.data()), end_(text.data() + text.size()), max_depth_(max_depth) {}

  // All but accept() and at_end() throw Error kBadArchive (kArchiveLimit for the depth) when
  // something else stands there.
  bool accept(std::string_view token) noexcept;  // exactly these bytes; no white space is skipped
  void expect(char c);                           // after white space
  char peek();                                   // the next character after white space
  bool at_end() noexcept;                        // nothing but white space is left
  const char* position() const noexcept { return at_; }

  struct String {
    std::string_view text;  // between the quotes, escapes as they are
    bool escaped = false;
  };
  String string();                                  // at a quote
  std::string_view number();                        // at a digit or a minus sign
  std::string_view literal(std::string_view word);  // null, true, false
  std::string_view skip_value();                    // any value; gives its exact text

 private:
  void skip_space() noexcept;
  void skip_scalar(char first);
  void escape();
  unsigned hex4();
  void digits();

  const char* at_;
  const char* end_;
  std::size_t max_depth_;
  std::string open_;  // the containers that are open in skip_value()
};

// Writes what the escaped text of a checked String stands for to `to`, which has room for
// escaped.size() bytes; gives the size.
std::size_t unescape_json(std::string_view escaped, char* to) noexcept;

}  // namespace company_backup
