#include "core/scope/document_values.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/scope/evidence.hpp"
#include "core/text/ascii.hpp"
#include "core/text/json_path.hpp"

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
class Visitor : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Visitor(const FoundValue& found) : found_(found) {}

  bool null() override { return leave_value(); }
  bool boolean(bool) override { return leave_value(); }
  bool number_integer(number_integer_t value) override { return take(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(std::to_string(value)); }
  bool number_float(number_float_t, const string_t&) override { return leave_value(); }
  bool string(string_t& value) override { return take(value); }
  bool binary(binary_t&) override { return leave_value(); }

  bool start_object(std::size_t) override {
    steps_.push_back(step_of(JsonStep::Kind::kKey));
    return true;
  }
  bool key(string_t& name) override {
    const bool generated = looks_generated(name) || is_all_digits(name);
    if (generated) say(path() + ".keys()", name);
    steps_.back() = generated ? step_of(JsonStep::Kind::kMembers)
                              : step_of(JsonStep::Kind::kKey, std::move(name));
    return true;
  }
  bool end_object() override { return leave_container(); }
  bool start_array(std::size_t) override {
    steps_.push_back(step_of(JsonStep::Kind::kElements));
    return true;
  }
  bool end_array() override { return leave_container(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  bool leave_container() {
    steps_.pop_back();
    return true;
  }
  static bool leave_value() { return true; }

  bool take(std::string_view value) {
    say(path(steps_.size()), value);
    return true;
  }

  void say(const std::string& path, std::string_view value) {
    if (steps_.size() <= kDeepest && !value.empty() && value.size() <= kLongestValue) {
      found_(path, value);
    }
  }

  // Of the object whose member begins.
  std::string path() const { return path(steps_.size() - 1); }

  std::string path(size_t count) const {
    if (count > kDeepest) return {};
    std::string text;
    size_t start = 0;
    for (size_t i = count; i-- > 1 && start == 0;) {
      if (steps_[i].kind == JsonStep::Kind::kKey && repeats(i)) start = i + 1;
    }
    if (start > 0) {
      append_step(text, step_of(JsonStep::Kind::kDescend));
      while (start < count && steps_[start].kind == JsonStep::Kind::kElements) ++start;
    }
    for (size_t i = start; i < count; ++i) append_step(text, steps_[i]);
    return text;
  }

  bool repeats(size_t position) const {
    const auto same = [&](const JsonStep& step) {
      return step.kind == JsonStep::Kind::kKey && step.key == steps_[position].key;
    };
    return std::any_of(steps_.begin(), steps_.begin() + static_cast<std::ptrdiff_t>(position),
                       same);
  }

  const FoundValue& found_;
  std::vector<JsonStep> steps_;
};

}  // namespace

bool visit_values(std::string_view json, const FoundValue& found) {
  Visitor visitor(found);
  return nlohmann::json::sax_parse(json.begin(), json.end(), &visitor);
}

bool covers_path(const std::string& known, const std::string& path) {
  if (known == path) return true;
  if (known.empty() || path.empty()) return false;
  const std::string text = JsonPath::parse(known).text();
  if (text == JsonPath::parse(path).text()) return true;
  constexpr std::string_view kAnywhere = "$.**";
  return text.starts_with(kAnywhere) && path.ends_with(text.substr(kAnywhere.size()));
}

std::string last_name(const std::string& path) {
  std::string text = path;
  if (text.ends_with(".keys()")) text.resize(text.size() - 7);
  while (text.ends_with("[*]")) text.resize(text.size() - 3);
  const bool quoted = text.ends_with('"');
  if (quoted) text.pop_back();
  const size_t start = text.rfind(quoted ? '"' : '.');
  return start == std::string::npos ? std::string() : text.substr(start + 1);
}

}  // namespace company_backup
