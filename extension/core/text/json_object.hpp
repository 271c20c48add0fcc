// A small JSON object, member by member. Not with a library: the text is in the server's encoding,
// which need not be UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace company_backup {

class JsonObject {
 public:
  JsonObject& add(const char* name, const std::optional<std::string>& text);  // nothing: null
  JsonObject& add(const char* name, const char* text) { return add(name, std::string(text)); }
  JsonObject& add(const char* name, std::int64_t number) {
    return add_json(name, std::to_string(number));
  }
  JsonObject& add(const char* name, bool flag) { return add_json(name, flag ? "true" : "false"); }
  JsonObject& add_json(const char* name, std::string_view json);
  std::string text() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

}  // namespace company_backup
