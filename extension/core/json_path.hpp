// Paths into jsonb values, of set_reference: where IDs are kept inside a document.
//
//   path  = [ "$" ] { step } [ ".keys()" ]
//   step  = ".key" | ."quoted key" | ".*" | "[*]" | ".**"
//
// ".*" is every member of an object, "[*]" every element of an array (anything else counts as an
// array of itself, as in SQL/JSON's lax mode), ".**" the value and everything inside it, ".keys()"
// the names of an object's members.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace company_backup {

class JsonPath {
 public:
  // Error kBadRule if `text` is not a path. The empty path is the document itself.
  static JsonPath parse(const std::string& text);

  // Appends the text form of every number and string that the path leads to in `json` (valid JSON).
  // null is no reference. Objects, arrays and booleans found there are appended to `others`.
  void collect(std::string_view json, std::vector<std::string>& values,
               std::vector<std::string>& others) const;

  struct Step {
    enum class Kind { kKey, kMembers, kElements, kDescend, kKeys };
    Kind kind;
    std::string key;  // kKey
  };

 private:
  std::vector<Step> steps_;
};

}  // namespace company_backup
