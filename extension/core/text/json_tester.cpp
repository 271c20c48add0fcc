#include "core/text/json_tester.hpp"

#include <algorithm>
#include <limits>

#include "core/text/ascii.hpp"
#include "core/text/error.hpp"
#include "core/text/steps.hpp"

namespace company_backup {
namespace {

bool stands_for(const JsonScanner::String& text, std::string_view wanted) {
  if (text.unreadable) return false;
  if (!text.escaped) return text.text == wanted;
  std::string unescaped(text.text.size(), '\0');
  unescaped.resize(unescape_json(text.text, unescaped.data()));
  return unescaped == wanted;
}

// Digits without zeros at either end, as a whole number, times ten to the power of `exponent`.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
  bool operator==(const Decimal&) const = default;
};

constexpr std::int64_t kHugeExponent = 1'000'000'000'000'000;

Decimal decimal_of(std::string_view number) {
  Decimal value;
  std::size_t i = 0;
  bool fraction = false;
  for (; i < number.size() && number[i] != 'e' && number[i] != 'E'; ++i) {
    if (number[i] == '.') fraction = true;
    if (!is_digit(number[i])) continue;
    if (fraction) --value.exponent;
    if (number[i] != '0' || !value.digits.empty()) value.digits += number[i];
  }
  if (value.digits.empty()) return {};
  value.negative = number[0] == '-';
  std::int64_t power = 0;
  const bool small = number.substr(i).find('-') != number.npos;
  for (; i < number.size(); ++i) {
    if (is_digit(number[i])) power = std::min(power * 10 + (number[i] - '0'), kHugeExponent);
  }
  value.exponent += small ? -power : power;
  const std::size_t length = value.digits.find_last_not_of('0') + 1;
  value.exponent += static_cast<std::int64_t>(value.digits.size() - length);
  value.digits.resize(length);
  return value;
}

// Of a value that is no object or array.
JsonCondition::Literal literal_kind(char first) {
  switch (first) {
    case 'n':
      return JsonCondition::Literal::kNull;
    case 't':
    case 'f':
      return JsonCondition::Literal::kBoolean;
    case '"':
      return JsonCondition::Literal::kText;
    default:
      return JsonCondition::Literal::kNumber;
  }
}

}  // namespace

bool JsonTester::holds(const JsonCondition& condition, const char* value) {
  if (!ready_) find_containers();
  return test(condition, value) == Truth::kTrue;
}

void JsonTester::find_containers() {
  if (json_.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(sqlstate::kArchiveLimit,
                "a JSON document is too large for a path with a condition");
  }
  scanner_at(json_.data(), json_.size()).skip_value();  // from here on it is well-formed
  std::vector<std::uint32_t> open;
  bool quoted = false;
  for (std::uint32_t i = 0; i < json_.size(); ++i) {
    const char c = json_[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      if (c == '\\') ++i;
    } else if (c == '{' || c == '[') {
      open.push_back(static_cast<std::uint32_t>(containers_.size()));
      containers_.push_back({i, 0});
    } else if ((c == '}' || c == ']') && !open.empty()) {
      containers_[open.back()].end = i + 1;
      open.pop_back();
    }
  }
  ready_ = true;
}

JsonScanner JsonTester::scanner_at(const char* value, std::size_t max_depth) const {
  return {{value, json_.data() + json_.size()}, max_depth, JsonScanner::Escapes::kAny};
}

const char* JsonTester::behind(const char* value) const {
  if (*value != '{' && *value != '[') {
    JsonScanner scanner = scanner_at(value);
    scanner.skip_value();
    return scanner.position();
  }
  const auto begin = static_cast<std::uint32_t>(value - json_.data());
  const auto found = std::lower_bound(
      containers_.begin(), containers_.end(), begin,
      [](const Container& container, std::uint32_t at) { return container.begin < at; });
  return json_.data() + found->end;
}

// For each element or member, until `take(name, value)` gives true; of an element the name is
// empty.
template <typename Take>
bool JsonTester::each_inside(const char* container, Take take) const {
  const bool is_object = *container == '{';
  JsonScanner scanner = scanner_at(container + 1);
  if (scanner.peek() == (is_object ? '}' : ']')) return false;
  for (;;) {
    note_step();
    JsonScanner::String name;
    if (is_object) {
      scanner.peek();
      name = scanner.string();
      scanner.expect(':');
    }
    scanner.peek();
    const char* const value = scanner.position();
    if (take(name, value)) return true;
    scanner = scanner_at(behind(value));
    if (scanner.peek() != ',') return false;
    scanner.expect(',');
    scanner.peek();
  }
}

// For each value that the path leads to from this one, until `take(value)` gives true. No deeper
// than twice the path.
template <typename Take>
bool JsonTester::each_found(const std::vector<JsonStep>& path, std::size_t step, const char* value,
                            bool unwrap, Take& take) const {
  if (step == path.size()) return take(value);
  const auto next = [&](const JsonScanner::String&, const char* inner) {
    return each_found(path, step + 1, inner, true, take);
  };
  const bool is_array = *value == '[';
  if (path[step].kind == JsonStep::Kind::kElements) {
    return is_array ? each_inside(value, next) : next({}, value);
  }
  if (is_array) {
    return unwrap && each_inside(value, [&](const JsonScanner::String&, const char* element) {
             return each_found(path, step, element, false, take);
           });
  }
  if (*value != '{') return false;
  if (path[step].kind == JsonStep::Kind::kMembers) return each_inside(value, next);
  const char* found = nullptr;
  each_inside(value, [&](const JsonScanner::String& name, const char* member) {
    if (stands_for(name, path[step].key)) found = member;  // of several in json the last counts
    return false;
  });
  return found != nullptr && next({}, found);
}

JsonTester::Truth JsonTester::test(const JsonCondition& condition, const char* value) const {
  using Kind = JsonCondition::Kind;
  note_step();
  switch (condition.kind) {
    case Kind::kAny:
    case Kind::kAll: {
      const bool any = condition.kind == Kind::kAny;
      Truth all = any ? Truth::kFalse : Truth::kTrue;
      for (const JsonCondition& part : condition.parts) {
        const Truth one = test(part, value);
        all = any ? std::max(all, one) : std::min(all, one);
      }
      return all;
    }
    case Kind::kNot: {
      const Truth inner = test(condition.parts[0], value);
      if (inner == Truth::kUnknown) return inner;
      return inner == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
    }
    case Kind::kExists: {
      const auto take = [](const char*) { return true; };
      return each_found(condition.path, 0, value, true, take) ? Truth::kTrue : Truth::kFalse;
    }
    case Kind::kEqual:
    case Kind::kUnequal:
      break;
  }
  Truth best = Truth::kFalse;
  const auto compared = [&](const char* found) {
    best = std::max(best, compare(condition, found));
    return best == Truth::kTrue;
  };
  const auto take = [&](const char* found) {
    if (*found != '[') return compared(found);
    return each_inside(found, [&](const auto&, const char* element) { return compared(element); });
  };
  each_found(condition.path, 0, value, true, take);
  return best;
}

JsonTester::Truth JsonTester::compare(const JsonCondition& condition, const char* value) const {
  using Literal = JsonCondition::Literal;
  const auto truth = [&](bool equal) {
    return equal == (condition.kind == JsonCondition::Kind::kEqual) ? Truth::kTrue : Truth::kFalse;
  };
  const bool is_container = *value == '{' || *value == '[';
  if (is_container || literal_kind(*value) != condition.literal) {
    const bool null = condition.literal == Literal::kNull || *value == 'n';
    return null ? truth(false) : Truth::kUnknown;
  }
  JsonScanner scanner = scanner_at(value);
  switch (condition.literal) {
    case Literal::kNull:
      return truth(true);
    case Literal::kBoolean:
      return truth(scanner.skip_value() == condition.value);
    case Literal::kNumber:
      return truth(decimal_of(scanner.number()) == decimal_of(condition.value));
    case Literal::kText:
      return truth(stands_for(scanner.string(), condition.value));
  }
  return Truth::kUnknown;
}

}  // namespace company_backup
