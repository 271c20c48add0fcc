// What SQL text looks like from outside, as far as the client has to know it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace company_backup::client {

// Of a name or a string of SQL, at its opening quote: where it ends, both quotes included.
// `backslashes`: it is an E'...'.
size_t quoted_size(std::string_view sql, bool backslashes);

// "SELECT schema.function(a, 'b');"
struct FunctionCall {
  std::string_view function;                // without its schema
  std::vector<std::string_view> arguments;  // as they stand there
};

// Nothing if the statement is anything else, or more than that. The views are into `sql`.
std::optional<FunctionCall> function_call(std::string_view sql);

}  // namespace company_backup::client
