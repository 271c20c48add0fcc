// What stands in "? (...)" of a JSON path: a part of PostgreSQL's own language for it.
//
//   condition  = all { "||" all }
//   all        = term { "&&" term }
//   term       = "(" condition ")" | "!" "(" condition ")" | [ "!" ] "exists" "(" from ")"
//              | from sign literal | literal sign from
//   from       = "@" { ".key" | ."quoted key" | ".*" | "[*]" }
//   sign       = "==" | "!=" | "<>"
//   literal    = text in double quotes | number | "true" | "false" | "null", as in JSON
//
// It means what it means in PostgreSQL's lax mode: json_tester.hpp.
#pragma once

#include <string>
#include <vector>

#include "core/text/json_step.hpp"

namespace company_backup {

struct JsonCondition {
  enum class Kind { kAny, kAll, kNot, kExists, kEqual, kUnequal };
  enum class Literal { kNull, kBoolean, kNumber, kText };

  Kind kind;
  std::vector<JsonCondition> parts{};  // kAny, kAll, kNot
  std::vector<JsonStep> path{};        // the others: from the value that is tested
  Literal literal = Literal::kNull;    // kEqual, kUnequal
  std::string value{};                 // of the literal; a text's without quotes and escapes
};

// The reader stands behind the opening parenthesis, and then behind the closing one. Error kBadRule
// for anything else.
JsonCondition read_condition(JsonPathReader& in);

// Without the outer parentheses. It is read as the same condition.
void append_condition(std::string& text, const JsonCondition& condition);

}  // namespace company_backup
