#include "client/commands/attributes.hpp"

#include <iostream>

#include "client/base/output.hpp"

namespace company_backup::client {
namespace {

std::string check_set(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0) return "";
  return "an attribute has the form column=value, not \"" + text + "\"";
}

// Columns and values as a JSON object; CLI11 has checked the form of each.
std::string to_json(const std::vector<std::string>& set) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const std::string& text : set) {
    const size_t equals = text.find('=');
    json[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return json.dump();
}

}  // namespace

void Attributes::add_to(CLI::App& command) {
  CLI::Option* one =
      command
          .add_option("--set", set,
                      "A column of the new company's row and its value; may be given several times")
          ->allow_extra_args(false)
          ->type_name("COLUMN=VALUE")
          ->check(check_set);
  command
      .add_option("--attributes", json,
                  "Instead of --set: a JSON object; also for NULL and for columns of type jsonb")
      ->type_name("JSON")
      ->excludes(one);
}

void Attributes::add_argument(std::vector<Argument>& arguments) const {
  if (json) {
    arguments.push_back({"attributes", jsonb_parameter(*json)});
  } else if (!set.empty()) {
    arguments.push_back({"attributes", jsonb_parameter(to_json(set))});
  }
}

void print_new_company(const Result& result, bool json) {
  if (json) {
    print_json(std::cout, {{"company", result.text(0, 0)}});
  } else {
    std::cout << printable(result.text(0, 0)) << '\n';
  }
}

}  // namespace company_backup::client
