// Paths into jsonb values, of set_reference: where IDs are kept inside a document.
//
//   path  = [ "$" ] { step } [ ".keys()" ]
//   step  = ".key" | ."quoted key" | ".*" | "[*]" | ".**" | "? (" condition ")"
//
// ".*" is every member of an object, "[*]" every element of an array (anything else counts as an
// array of itself, as in SQL/JSON's lax mode), ".**" the value and everything inside it, ".keys()"
// the names of an object's members. A condition goes no further than where it holds, in an array
// for each element: json_condition.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/json_condition.hpp"
#include "core/text/json_step.hpp"

namespace company_backup {

class JsonPath {
 public:
  // Error kBadRule if `text` is not a path. The empty path is the document itself.
  static JsonPath parse(const std::string& text);

  // The path as a machine that reads a document in one pass (see json_walk.hpp). States: bit i says
  // that the first i steps have led to a value. No bit: the path goes no further there.
  using States = uint64_t;
  static constexpr States kStart = 1;
  // Those that need no step inside, added to those that a value was reached in. `test`: does the
  // condition hold for the value?
  using Test = std::function<bool(const JsonCondition& condition)>;
  States at_value(States states, bool is_array, const Test& test) const;
  // For what is inside the value.
  States at_element(States states) const;
  States at_member(States states, std::string_view name) const;
  // Is the value one that the whole path leads to, or, if an object, are the names of its members?
  bool leads_here(States states) const { return (states >> steps_.size() & 1) != 0; }
  bool leads_to_names(States states) const;

  // Does the path end at names?
  bool leads_to_any_names() const {
    return !steps_.empty() && steps_.back().kind == JsonStep::Kind::kKeys;
  }
  bool has_conditions() const { return !conditions_.empty(); }

  // In one spelling, which is read as the same path.
  std::string text() const;

 private:
  void read_condition(JsonPathReader& in);

  std::vector<JsonStep> steps_;
  std::vector<JsonCondition> conditions_;
};

// The path as text() has it; the empty one, and what is no path, as it is.
std::string one_spelling(const std::string& path);

}  // namespace company_backup
