#include "core/text/json_condition.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text/ascii.hpp"
#include "core/text/error.hpp"
#include "core/text/json_scanner.hpp"
#include "core/text/json_text.hpp"

namespace company_backup {
namespace {

using Condition = JsonCondition;

constexpr int kMostParentheses = 32;  // inside each other

// What PostgreSQL would refuse is far beyond.
bool fits_numeric(std::string_view number) {
  constexpr std::size_t kMostDigits = 100, kMostOfExponent = 3;
  const std::size_t exponent = std::min(number.find_first_of("eE"), number.size());
  return exponent <= kMostDigits && number.size() - exponent <= kMostOfExponent + 2;
}

class ConditionReader {
 public:
  explicit ConditionReader(JsonPathReader& in) : in_(in) {}

  Condition inside_parentheses() {
    if (++depth_ > kMostParentheses) in_.refuse("It has more than 32 parentheses in each other.");
    Condition condition = join(Condition::Kind::kAny);
    expect(")");
    --depth_;
    return condition;
  }

 private:
  bool accept(std::string_view token) {
    in_.skip_space();
    return in_.accept(token);
  }

  void expect(const std::string& token) {
    if (!accept(token)) in_.refuse_here(token + " is missing");
  }

  // What is joined alone is itself.
  Condition join(Condition::Kind kind) {
    const bool any = kind == Condition::Kind::kAny;
    const auto next = [&] { return any ? join(Condition::Kind::kAll) : term(); };
    Condition first = next();
    if (!accept(any ? "||" : "&&")) return first;
    Condition all{kind};
    add(all, std::move(first));
    do add(all, next());
    while (accept(any ? "||" : "&&"));
    return all;
  }

  static void add(Condition& to, Condition part) {
    if (part.kind != to.kind) {
      to.parts.push_back(std::move(part));
      return;
    }
    for (Condition& inner : part.parts) to.parts.push_back(std::move(inner));
  }

  Condition term() {
    if (accept("!")) {
      Condition negated{Condition::Kind::kNot};
      auto condition = delimited();
      if (!condition) in_.refuse_here("( is missing");
      negated.parts.push_back(std::move(*condition));
      return negated;
    }
    if (auto condition = delimited()) return std::move(*condition);
    return comparison();
  }

  std::optional<Condition> delimited() {
    if (accept("(")) return inside_parentheses();
    if (!accept("exists")) return std::nullopt;
    expect("(");
    Condition condition{Condition::Kind::kExists};
    if (!accept("@")) in_.refuse_here("@ is missing");
    read_path(condition);
    expect(")");
    return condition;
  }

  Condition comparison() {
    Condition condition{Condition::Kind::kEqual};
    const bool path_first = accept("@");
    path_first ? read_path(condition) : read_literal(condition);
    if (accept("!=") || accept("<>")) {
      condition.kind = Condition::Kind::kUnequal;
    } else if (!accept("==")) {
      in_.refuse_here("Neither == nor != stands");
    }
    if (path_first) {
      read_literal(condition);
    } else {
      expect("@");
      read_path(condition);
    }
    return condition;
  }

  void read_path(Condition& condition) {
    for (;;) {
      if (condition.path.size() == kMostSteps) in_.refuse("A condition has more than 16 steps.");
      if (in_.accept("[*]")) {
        condition.path.push_back({JsonStep::Kind::kElements, {}});
      } else if (in_.accept(".")) {
        condition.path.push_back(step());
      } else {
        return;
      }
    }
  }

  JsonStep step() {
    if (in_.rest().starts_with("**") || in_.rest().starts_with("keys()")) {
      in_.refuse_here("No key stands");
    }
    return in_.step_after_dot(true);
  }

  void read_literal(Condition& condition) {
    using Literal = Condition::Literal;
    in_.skip_space();
    const char first = in_.at_end() ? '\0' : in_.rest()[0];
    if (first == '"') return read_text(condition);
    if (first == '-' || is_digit(first)) {
      condition.literal = Literal::kNumber;
      condition.value = number();
      if (!fits_numeric(condition.value)) in_.refuse("A number has too many digits.");
    } else if (in_.accept("null")) {
      condition.literal = Literal::kNull;
    } else if (in_.accept("true") || in_.accept("false")) {
      condition.literal = Literal::kBoolean;
      condition.value = first == 't' ? "true" : "false";
    } else {
      refuse_literal();
    }
  }

  void read_text(Condition& condition) {
    std::optional<std::string> text = in_.quoted_text();
    if (!text) refuse_literal();
    condition.literal = Condition::Literal::kText;
    condition.value = std::move(*text);
  }

  std::string_view number() {
    JsonScanner scanner(in_.rest(), 0);
    try {
      const std::string_view found = scanner.number();
      in_.skip(found.size());
      return found;
    } catch (const Error&) {
      refuse_literal();
    }
  }

  [[noreturn]] void refuse_literal() {
    in_.refuse_here("No @, text in double quotes, number, true, false or null stands");
  }

  // An element of a document is looked at by as many values around it.
  static constexpr std::size_t kMostSteps = 16;

  JsonPathReader& in_;
  int depth_ = 0;
};

bool is_join(const Condition& condition) {
  return condition.kind == Condition::Kind::kAny || condition.kind == Condition::Kind::kAll;
}

void append_joined(std::string& text, const Condition& condition) {
  const bool any = condition.kind == Condition::Kind::kAny;
  for (std::size_t i = 0; i < condition.parts.size(); ++i) {
    if (i > 0) text += any ? " || " : " && ";
    const bool inner = is_join(condition.parts[i]);
    if (inner) text += '(';
    append_condition(text, condition.parts[i]);
    if (inner) text += ')';
  }
}

void append_from(std::string& text, const Condition& condition) {
  text += '@';
  for (const JsonStep& step : condition.path) append_step(text, step);
}

}  // namespace

Condition read_condition(JsonPathReader& in) {
  return ConditionReader(in).inside_parentheses();
}

void append_condition(std::string& text, const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::kAny:
    case Condition::Kind::kAll:
      return append_joined(text, condition);
    case Condition::Kind::kNot:
      text += "!(";
      append_condition(text, condition.parts[0]);
      text += ')';
      return;
    case Condition::Kind::kExists:
      text += "exists(";
      append_from(text, condition);
      text += ')';
      return;
    case Condition::Kind::kEqual:
    case Condition::Kind::kUnequal:
      append_from(text, condition);
      text += condition.kind == Condition::Kind::kEqual ? " == " : " != ";
      if (condition.literal == Condition::Literal::kText) {
        append_json_string(text, condition.value);
      } else {
        text += condition.literal == Condition::Literal::kNull ? "null" : condition.value;
      }
  }
}

}  // namespace company_backup
