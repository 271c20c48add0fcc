#include "core/text/json_path.hpp"

#include "core/text/error.hpp"

namespace company_backup {
namespace {

using Step = JsonStep;

// The last state is that of the whole path.
constexpr size_t kMostSteps = 63;

}  // namespace

JsonPath JsonPath::parse(const std::string& text) {
  JsonPath path;
  JsonPathReader in(text);
  in.accept("$");
  if (in.rest() == "keys()") {
    path.steps_.push_back({Step::Kind::kKeys, {}});
    return path;
  }
  while (!in.at_end()) {
    if (path.leads_to_any_names()) in.refuse(".keys() must be the last step.");
    if (in.accept("[*]")) {
      path.steps_.push_back({Step::Kind::kElements, {}});
    } else if (in.accept(".")) {
      path.steps_.push_back(in.step_after_dot(false));
    } else {
      path.read_condition(in);
    }
    if (path.steps_.size() > kMostSteps) in.refuse("It has more than 63 steps.");
  }
  return path;
}

void JsonPath::read_condition(JsonPathReader& in) {
  in.skip_space();
  if (!in.accept("?")) in.refuse_here("No step begins");
  in.skip_space();
  if (!in.accept("(")) in.refuse_here("( is missing");
  steps_.push_back({Step::Kind::kUnwrap, {}});
  steps_.push_back({Step::Kind::kTest, {}, conditions_.size()});
  conditions_.push_back(company_backup::read_condition(in));
  in.skip_space();
}

JsonPath::States JsonPath::at_value(States states, bool is_array, const Test& test) const {
  const auto stays = [&](const Step& step) {
    switch (step.kind) {
      case Step::Kind::kDescend:
        return true;
      case Step::Kind::kElements:
      case Step::Kind::kUnwrap:
        return !is_array;
      case Step::Kind::kTest:
        return test(conditions_[step.condition]);
      default:
        return false;
    }
  };
  for (size_t i = 0; i < steps_.size(); ++i) {
    if ((states >> i & 1) != 0 && stays(steps_[i])) states |= kStart << (i + 1);
  }
  return states;
}

JsonPath::States JsonPath::at_element(States states) const {
  States inside = 0;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if ((states >> i & 1) == 0) continue;
    switch (steps_[i].kind) {
      case Step::Kind::kElements:
      case Step::Kind::kUnwrap:
        inside |= kStart << (i + 1);
        break;
      case Step::Kind::kTest:
        break;
      default:  // what objects have is looked for in the elements of an array, too
        inside |= kStart << i;
    }
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

std::string JsonPath::text() const {
  std::string text = "$";
  for (const Step& step : steps_) {
    append_step(text, step);
    if (step.kind != Step::Kind::kTest) continue;
    text += " ? (";
    append_condition(text, conditions_[step.condition]);
    text += ")";
  }
  return text;
}

std::string one_spelling(const std::string& path) {
  if (path.empty()) return path;
  try {
    return JsonPath::parse(path).text();
  } catch (const Error&) {
    return path;  // whoever uses it says what is wrong with it
  }
}

}  // namespace company_backup
