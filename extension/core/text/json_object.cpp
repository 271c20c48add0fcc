#include "core/text/json_object.hpp"

#include "core/text/json_text.hpp"

namespace company_backup {

JsonObject& JsonObject::add(const char* name, const std::optional<std::string>& text) {
  std::string json = "null";
  if (text) append_json_string(json = "", *text);
  return add_json(name, json);
}

JsonObject& JsonObject::add_json(const char* name, std::string_view json) {
  if (!members_.empty()) members_ += ", ";
  append_json_string(members_, name);
  members_.append(": ").append(json);
  return *this;
}

}  // namespace company_backup
