#include "core/text/json_path.hpp"

#include <cctype>

#include "core/text/error.hpp"
#include "core/text/json_text.hpp"

namespace company_backup {
namespace {

using Step = JsonPath::Step;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(sqlstate::kBadRule, "invalid JSON path: \"" + path + "\"")
      .detail(why)
      .hint("A path is made of .key, .\"quoted key\", .*, [*], .** and, last, .keys().");
}

bool plain_key_character(char c) {
  const unsigned char u = static_cast<unsigned char>(c);
  return std::isalnum(u) || c == '_' || c == '-' || u >= 0x80;
}

// The step that begins at text[i], after its dot; moves i behind it.
Step step_after_dot(const std::string& text, size_t& i) {
  const auto take = [&](std::string_view word) {
    if (text.compare(i, word.size(), word) != 0) return false;
    i += word.size();
    return true;
  };
  if (take("**")) return {Step::Kind::kDescend, {}};
  if (take("*")) return {Step::Kind::kMembers, {}};
  if (take("keys()")) return {Step::Kind::kKeys, {}};
  const size_t begin = i;
  if (take("\"")) {
    const size_t end = text.find('"', i);
    if (end == std::string::npos || end == i) refuse(text, "A quoted key has no end or is empty.");
    const Step step{Step::Kind::kKey, text.substr(i, end - i)};
    i = end + 1;
    return step;
  }
  while (i < text.size() && plain_key_character(text[i])) ++i;
  if (i == begin) refuse(text, "No key stands at position " + std::to_string(begin + 1) + ".");
  return {Step::Kind::kKey, text.substr(begin, i - begin)};
}

// The last state is that of the whole path.
constexpr size_t kMostSteps = 63;

}  // namespace

JsonPath JsonPath::parse(const std::string& text) {
  JsonPath path;
  size_t i = text.starts_with("$") ? 1 : 0;
  if (text.compare(i, std::string::npos, "keys()") == 0) {
    path.steps_.push_back({Step::Kind::kKeys, {}});
    return path;
  }
  while (i < text.size()) {
    if (path.steps_.size() == kMostSteps) refuse(text, "It has more than 63 steps.");
    if (!path.steps_.empty() && path.steps_.back().kind == Step::Kind::kKeys) {
      refuse(text, ".keys() must be the last step.");
    }
    if (text.compare(i, 3, "[*]") == 0) {
      path.steps_.push_back({Step::Kind::kElements, {}});
      i += 3;
    } else if (text[i] == '.') {
      ++i;
      path.steps_.push_back(step_after_dot(text, i));
    } else {
      refuse(text, "No step begins at position " + std::to_string(i + 1) + ".");
    }
  }
  return path;
}

JsonPath::States JsonPath::at_value(States states, bool is_array) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if ((states >> i & 1) == 0) continue;
    const bool stays = steps_[i].kind == Step::Kind::kDescend ||
                       (steps_[i].kind == Step::Kind::kElements && !is_array);
    if (stays) states |= kStart << (i + 1);
  }
  return states;
}

JsonPath::States JsonPath::at_element(States states) const {
  States inside = 0;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if ((states >> i & 1) == 0) continue;
    const Step::Kind kind = steps_[i].kind;
    if (kind == Step::Kind::kElements) inside |= kStart << (i + 1);
    // A key is looked for in the elements of an array, too.
    if (kind == Step::Kind::kDescend || kind == Step::Kind::kKey) inside |= kStart << i;
  }
  return inside;
}

JsonPath::States JsonPath::at_member(States states, std::string_view name) const {
  States inside = 0;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if ((states >> i & 1) == 0) continue;
    const Step& step = steps_[i];
    const bool led =
        step.kind == Step::Kind::kMembers || (step.kind == Step::Kind::kKey && step.key == name);
    if (led) inside |= kStart << (i + 1);
    if (step.kind == Step::Kind::kDescend) inside |= kStart << i;
  }
  return inside;
}

bool JsonPath::leads_to_names(States states) const {
  return !steps_.empty() && steps_.back().kind == Step::Kind::kKeys &&
         (states >> (steps_.size() - 1) & 1) != 0;
}

std::string JsonPath::sql_text() const {
  std::string text = "lax $";
  for (const Step& step : steps_) {
    switch (step.kind) {
      case Step::Kind::kKey:
        text += ".";
        append_json_string(text, step.key);
        break;
      case Step::Kind::kMembers:
        text += ".*";
        break;
      case Step::Kind::kElements:
        text += "[*]";
        break;
      case Step::Kind::kDescend:
        text += ".**";
        break;
      case Step::Kind::kKeys:
        text += ".keyvalue().key";
        break;
    }
  }
  return text;
}

}  // namespace company_backup
