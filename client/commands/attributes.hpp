// Values for the row of a company that is to be created: what "clone" and "create" have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/commands/commands.hpp"

namespace company_backup::client {

struct Attributes {
  std::vector<std::string> set;     // COLUMN=VALUE
  std::optional<std::string> json;  // instead: an object

  // Adds --set and --attributes.
  void add_to(CLI::App& command);
  // Adds the argument "attributes", if anything was given.
  void add_argument(std::vector<Argument>& arguments) const;
};

// Prints the key of a new company, alone or as JSON.
void print_new_company(const Result& result, bool json);

}  // namespace company_backup::client
