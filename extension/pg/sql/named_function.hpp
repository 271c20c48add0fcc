// Functions of the application that set-up functions are given by name, and that are looked up
// again whenever they are called.
#pragma once

#include <string>

namespace company_backup {

struct NamedFunction {
  std::string schema, name;
};

// "app.guard", which must exist with these argument types. `result`: its type; empty: any. Error
// kBadRule.
NamedFunction named_function(const std::string& text, const std::string& arguments,
                             const std::string& result);

}  // namespace company_backup
