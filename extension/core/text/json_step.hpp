// Steps of JSON paths, and the text they are read from; for json_path.hpp and json_condition.hpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace company_backup {

struct JsonStep {
  enum class Kind { kKey, kMembers, kElements, kDescend, kKeys, kUnwrap, kTest };
  Kind kind;
  std::string key;            // kKey
  std::size_t condition = 0;  // kTest: which of the path's
};

void append_step(std::string& text, const JsonStep& step);

class JsonPathReader {
 public:
  explicit JsonPathReader(const std::string& text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  std::string_view rest() const { return std::string_view(text_).substr(at_); }
  void skip(std::size_t bytes) { at_ += bytes; }
  void skip_space();
  // Steps over exactly these bytes, if they stand here.
  bool accept(std::string_view token);
  // Behind a dot. In a condition "-" is no part of a key without quotes: there it is an operator.
  JsonStep step_after_dot(bool in_condition);
  // At a double quote: what the text stands for, with escapes as in JSON; none: it is no such text.
  std::optional<std::string> quoted_text();

  // Error kBadRule. The second: "No step begins at position 7."
  [[noreturn]] void refuse(const std::string& why) const;
  [[noreturn]] void refuse_here(const std::string& what) const;

 private:
  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace company_backup
