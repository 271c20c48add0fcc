#include "core/json_path.hpp"

#include <cctype>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace company_backup {
namespace {

using nlohmann::json;
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

void add_value(const json& value, std::vector<std::string>& values,
               std::vector<std::string>& others) {
  if (value.is_string()) {
    values.push_back(value.get<std::string>());
  } else if (value.is_number()) {
    values.push_back(value.dump());
  } else if (!value.is_null()) {
    others.push_back(value.dump());
  }
}

void descend(const json& value, std::vector<const json*>& out) {
  std::vector<const json*> open{&value};
  while (!open.empty()) {
    const json* next = open.back();
    open.pop_back();
    out.push_back(next);
    if (!next->is_structured()) continue;
    for (const json& child : *next) open.push_back(&child);
  }
}

void take_step(const Step& step, const json& value, std::vector<const json*>& out) {
  switch (step.kind) {
    case Step::Kind::kKey:
      if (value.is_array()) {
        for (const json& element : value) take_step(step, element, out);
      } else if (value.is_object()) {
        const auto found = value.find(step.key);
        if (found != value.end()) out.push_back(&*found);
      }
      return;
    case Step::Kind::kMembers:
      if (value.is_object()) {
        for (const json& member : value) out.push_back(&member);
      }
      return;
    case Step::Kind::kElements:
      if (value.is_array()) {
        for (const json& element : value) out.push_back(&element);
      } else {
        out.push_back(&value);
      }
      return;
    case Step::Kind::kDescend:
      descend(value, out);
      return;
    case Step::Kind::kKeys:
      return;  // handled by collect(): names are no values
  }
}

}  // namespace

JsonPath JsonPath::parse(const std::string& text) {
  JsonPath path;
  size_t i = text.starts_with("$") ? 1 : 0;
  if (text.compare(i, std::string::npos, "keys()") == 0) {
    path.steps_.push_back({Step::Kind::kKeys, {}});
    return path;
  }
  while (i < text.size()) {
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

void JsonPath::collect(std::string_view text, std::vector<std::string>& values,
                       std::vector<std::string>& others) const {
  const json document = json::parse(text);
  std::vector<const json*> found{&document};
  for (const Step& step : steps_) {
    if (step.kind == Step::Kind::kKeys) {
      for (const json* value : found) {
        if (!value->is_object()) continue;
        for (const auto& member : value->items()) values.push_back(member.key());
      }
      return;
    }
    std::vector<const json*> next;
    for (const json* value : found) take_step(step, *value, next);
    found = std::move(next);
  }
  for (const json* value : found) add_value(*value, values, others);
}

}  // namespace company_backup
