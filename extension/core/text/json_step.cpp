#include "core/text/json_step.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"
#include "core/text/error.hpp"
#include "core/text/json_scanner.hpp"
#include "core/text/json_text.hpp"

namespace company_backup {
namespace {

bool is_plain_in_key(char c) {
  return is_alphanumeric(c) || c == '_' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

void append_key(std::string& text, const std::string& key) {
  text += '.';
  if (std::all_of(key.begin(), key.end(), [](char c) { return is_plain_in_key(c) && c != '-'; })) {
    text += key;
  } else {
    append_json_string(text, key);
  }
}

}  // namespace

void append_step(std::string& text, const JsonStep& step) {
  switch (step.kind) {
    case JsonStep::Kind::kKey:
      append_key(text, step.key);
      break;
    case JsonStep::Kind::kMembers:
      text += ".*";
      break;
    case JsonStep::Kind::kElements:
      text += "[*]";
      break;
    case JsonStep::Kind::kDescend:
      text += ".**";
      break;
    case JsonStep::Kind::kKeys:
      text += ".keys()";
      break;
    case JsonStep::Kind::kUnwrap:
    case JsonStep::Kind::kTest:
      break;
  }
}

void JsonPathReader::skip_space() {
  while (at_ < text_.size() &&
         std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
    ++at_;
}

bool JsonPathReader::accept(std::string_view token) {
  if (!rest().starts_with(token)) return false;
  at_ += token.size();
  return true;
}

JsonStep JsonPathReader::step_after_dot(bool in_condition) {
  using Kind = JsonStep::Kind;
  if (accept("**")) return {Kind::kDescend, {}};
  if (accept("*")) return {Kind::kMembers, {}};
  if (accept("keys()")) return {Kind::kKeys, {}};
  if (rest().starts_with('"')) {
    std::optional<std::string> key = quoted_text();
    if (!key || key->empty()) {
      refuse("A quoted key has no end, is empty, or has escapes that JSON has not.");
    }
    return {Kind::kKey, std::move(*key)};
  }
  const std::size_t begin = at_;
  while (at_ < text_.size() && is_plain_in_key(text_[at_]) && !(in_condition && text_[at_] == '-'))
    ++at_;
  if (at_ == begin) refuse_here("No key stands");
  return {Kind::kKey, text_.substr(begin, at_ - begin)};
}

std::optional<std::string> JsonPathReader::quoted_text() {
  JsonScanner scanner(rest(), 0);
  try {
    const JsonScanner::String quoted = scanner.string();
    std::string text(quoted.text.size(), '\0');
    text.resize(unescape_json(quoted.text, text.data()));
    at_ = static_cast<std::size_t>(scanner.position() - text_.data());
    return text;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void JsonPathReader::refuse(const std::string& why) const {
  throw Error(sqlstate::kBadRule, "invalid JSON path: \"" + text_ + "\"")
      .detail(why)
      .hint(
          "A path is made of .key, .\"quoted key\", .*, [*], .**, ? (condition) and, last, "
          ".keys(). A condition compares, as in @.key == \"text\"; parts of it are joined by && "
          "and ||.");
}

void JsonPathReader::refuse_here(const std::string& what) const {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto position =
      1 + std::count_if(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), begins);
  refuse(what + " at position " + std::to_string(position) + ".");
}

}  // namespace company_backup
