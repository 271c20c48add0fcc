#include "core/scope/document_values.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/scope/evidence.hpp"
#include "core/scope/path_folding.hpp"
#include "core/text/ascii.hpp"
#include "core/text/error.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_scanner.hpp"
#include "core/text/names.hpp"
#include "core/text/steps.hpp"

namespace company_backup {
namespace {

constexpr size_t kDeepest = 30;
constexpr size_t kLongestValue = 128;

// What is called by a number is called by data.
bool is_all_digits(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_digit);
}

JsonStep step_of(JsonStep::Kind kind, std::string key = {}) {
  return {kind, std::move(key), 0};
}

// Goes through a document without recursion.
class DocumentReader {
 public:
  DocumentReader(std::string_view json, const FoundValue& found)
      : scanner_(json, 1, JsonScanner::Escapes::kAny), found_(found) {}

  // Throws if it is malformed.
  DocumentRead read() {
    for (;;) {
      note_step();
      if (enter()) continue;
      while (!steps_.empty() && scanner_.peek() == close()) leave();
      if (steps_.empty()) break;
      scanner_.expect(',');
      begin_member();
    }
    if (!scanner_.at_end()) return DocumentRead::kNot;
    return left_out_ ? DocumentRead::kInPart : DocumentRead::kWhole;
  }

 private:
  // Takes a scalar, or an empty container up to its end; true: a value inside another one follows.
  bool enter() {
    const char c = scanner_.peek();
    if (c == '{' || c == '[') {
      scanner_.expect(c);
      steps_.push_back(step_of(c == '{' ? JsonStep::Kind::kKey : JsonStep::Kind::kElements));
      if (scanner_.peek() == close()) return false;
      begin_member();
      return true;
    }
    if (c == '"') {
      bool readable = true;
      const std::string_view text = string(readable);
      if (readable) say(path(steps_.size()), text);
    } else if (const std::string_view json = scanner_.skip_value(); is_whole_number(json)) {
      say(path(steps_.size()), json);
    }
    return false;
  }

  char close() const { return is_array(steps_.back()) ? ']' : '}'; }

  void leave() {
    scanner_.expect(close());
    steps_.pop_back();
  }

  // Steps over the name of a member.
  void begin_member() {
    if (is_array(steps_.back())) return;
    if (scanner_.peek() != '"') scanner_.expect('"');
    bool readable = true;
    const std::string name(string(readable));
    scanner_.expect(':');
    const bool generated = looks_generated(name) || is_all_digits(name);
    if (generated) {
      const std::optional<std::string> outside = path(steps_.size() - 1);
      say(outside ? std::optional(*outside + ".keys()") : outside, name);
    }
    steps_.back() =
        generated ? step_of(JsonStep::Kind::kMembers) : step_of(JsonStep::Kind::kKey, name);
  }

  // What no text can be is empty, as no key of a path is.
  std::string_view string(bool& readable) {
    const JsonScanner::String text = scanner_.string();
    readable = !text.unreadable;
    if (!readable) return {};
    if (!text.escaped) return text.text;
    unescaped_.resize(text.text.size());
    return {unescaped_.data(), unescape_json(text.text, unescaped_.data())};
  }

  static bool is_array(const JsonStep& step) { return step.kind == JsonStep::Kind::kElements; }

  static bool is_whole_number(std::string_view json) {
    return json.find_first_not_of("-0123456789") == std::string_view::npos;
  }

  void say(const std::optional<std::string>& path, std::string_view value) {
    if (value.empty() || value.size() > kLongestValue) return;
    if (path)
      found_(*path, value);
    else
      left_out_ = left_out_ || steps_.size() <= kDeepest || looks_generated(value) ||
                  id_stem(steps_.back().key);
  }

  // To the value inside the first `count` containers; nothing: there is none.
  std::optional<std::string> path(size_t count) const {
    if (steps_.size() > kDeepest) return std::nullopt;
    std::string text;
    size_t start = 0;
    for (size_t i = count; i-- > 1 && start == 0;) {
      if (steps_[i].kind == JsonStep::Kind::kKey && repeats(i)) start = i + 1;
    }
    if (start > 0) {
      append_step(text, step_of(JsonStep::Kind::kDescend));
      while (start < count && is_array(steps_[start])) ++start;
    }
    for (size_t i = start; i < count; ++i) {
      if (steps_[i].kind == JsonStep::Kind::kKey && steps_[i].key.empty()) return std::nullopt;
      append_step(text, steps_[i]);
      if (text.size() > PathFolder::kLongestPath) return std::nullopt;
    }
    return text;
  }

  bool repeats(size_t position) const {
    const auto same = [&](const JsonStep& step) {
      return step.kind == JsonStep::Kind::kKey && step.key == steps_[position].key;
    };
    return std::any_of(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(position),
                       same);
  }

  JsonScanner scanner_;
  const FoundValue& found_;
  std::vector<JsonStep> steps_;
  std::string unescaped_;
  bool left_out_ = false;
};

}  // namespace

DocumentRead visit_values(std::string_view json, const FoundValue& found) {
  try {
    return DocumentReader(json, found).read();
  } catch (const Error&) {
    return DocumentRead::kNot;
  }
}

bool covers_path(const std::string& known, const std::string& path) {
  if (known == path) return true;
  if (known.empty() || path.empty()) return false;
  const std::string text = JsonPath::parse(known).text();
  if (text == JsonPath::parse(path).text()) return true;
  constexpr std::string_view kAnywhere = "$.**";
  return text.starts_with(kAnywhere) && path.ends_with(text.substr(kAnywhere.size()));
}

static std::vector<std::string> names_of(const std::string& path) {
  JsonPathReader in(path);
  in.accept("$");
  std::vector<std::string> names;
  while (!in.at_end()) {
    if (in.accept("[*]")) continue;
    if (!in.accept(".")) return {};
    JsonStep step = in.step_after_dot(false);
    if (step.kind != JsonStep::Kind::kKeys) names.push_back(std::move(step.key));
  }
  return names;
}

std::string last_name(const std::string& path) {
  const std::vector<std::string> names = names_of(path);
  return names.empty() ? std::string() : names.back();
}

std::string row_name(const std::string& path) {
  const std::vector<std::string> names = names_of(path);
  if (names.empty()) return {};
  const std::string name = plain_name(names.back());
  const bool is_of_object = name == "id" || name == "uuid" || name == "pk";
  return names[is_of_object && names.size() > 1 ? names.size() - 2 : names.size() - 1];
}

}  // namespace company_backup
