// Steps through JSON text and checks its grammar: escapes, numbers, nesting. No recursion, no tree,
// no conversion. Whether the text is UTF-8 is for the caller to check.
//
// Values of type json may have escapes that stand for no character: NUL, which no text of
// PostgreSQL's has, and halves of surrogate pairs. Archives and manifests have none.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

namespace company_backup {

class JsonScanner {
 public:
  enum class Escapes { kOfCharacters, kAny };

  // `max_depth`: containers open at once inside one skip_value().
  JsonScanner(std::string_view text, std::size_t max_depth,
              Escapes escapes = Escapes::kOfCharacters)
      : at_(text.data()),
        end_(text.data() + text.size()),
        max_depth_(max_depth),
        escapes_(escapes) {}

  // All but accept() and at_end() throw Error kBadArchive (kArchiveLimit for the depth) when
  // something else stands there.

  // Steps over exactly these bytes, if they stand here; no white space is skipped.
  bool accept(std::string_view token) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < token.size() ||
        std::memcmp(at_, token.data(), token.size()) != 0) {
      return false;
    }
    at_ += token.size();
    return true;
  }

  // The next character after white space.
  char peek() {
    skip_space();
    if (at_ == end_) fail_at_end();
    return *at_;
  }

  // Steps over white space and this character.
  void expect(char c) {
    if (peek() != c) fail_expected(c);
    ++at_;
  }

  // Is nothing but white space left?
  bool at_end() noexcept {
    skip_space();
    return at_ == end_;
  }

  // Where the scanner stands in the text.
  const char* position() const noexcept { return at_; }

  struct String {
    std::string_view text;  // between the quotes, escapes as they are
    bool escaped = false;
    bool unreadable = false;  // an escape stands for no character: not for unescape_json()
  };
  String string();                                  // at a quote
  std::string_view number();                        // at a digit or a minus sign
  std::string_view literal(std::string_view word);  // null, true, false
  std::string_view skip_value();                    // any value; gives its exact text

 private:
  void skip_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  [[noreturn]] static void fail_at_end();
  [[noreturn]] static void fail_expected(char c);
  void skip_scalar(char first);
  bool escape();
  unsigned hex4();
  void digits();

  const char* at_;
  const char* end_;
  std::size_t max_depth_;
  Escapes escapes_;
  std::string open_;  // the containers that are open in skip_value()
};

// How many containers are open at once in `json`, which is well-formed. Stops counting at `enough`.
std::size_t json_depth(std::string_view json, std::size_t enough) noexcept;

// Writes what the escaped text of a checked String stands for to `to`, which has room for
// escaped.size() bytes; gives the size.
std::size_t unescape_json(std::string_view escaped, char* to) noexcept;

}  // namespace company_backup
