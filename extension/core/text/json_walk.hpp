// The places in a JSON document that paths lead to: reading them, and replacing what stands there.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/json_path.hpp"

namespace company_backup {

// Called for every place that a path leads to, in the order of the text, once for each place
// however many paths lead there. `paths`: which; positions in the list of paths.
class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;

  struct Token {
    std::string_view json;  // as it stands there, quotes and all
    std::string_view text;  // what that stands for
  };
  using Paths = std::vector<size_t>;

  virtual void string(const Token& value, const Paths& paths) = 0;
  virtual void number(const Token& value, const Paths& paths) = 0;
  // An object, array or boolean, after what is inside it; or a string or name that no text can be,
  // see json_scanner.hpp. Of null nothing is said.
  virtual void other(std::string_view json) = 0;
  // An object whose names a path leads to begins; its names; it ends.
  virtual void begin_names() = 0;
  virtual void name(const Token& name, const Paths& paths) = 0;
  virtual void end_names() = 0;
};

// No recursion. Error kBadArchive if `json` is malformed, as far as it is looked at.
void walk_json(std::string_view json, const std::vector<const JsonPath*>& paths,
               JsonVisitor& visitor);

// Appends the text form of every number and string that the path leads to in `json`, each place
// once. null is no reference. Objects, arrays and booleans found there are appended to `others`.
// Error kBadArchive if `json` is malformed.
void collect_ids(const JsonPath& path, std::string_view json, std::vector<std::string>& values,
                 std::vector<std::string>& others);

// In place of a key that may not be there any more; with its NUL no text of PostgreSQL's. An array
// loses the element, a value in a document becomes null.
inline constexpr std::string_view kNoKey{"\0", 1};

// Gives what is to stand in place of `old_id` (text form), or returns false.
using JsonReplace = std::function<bool(const JsonVisitor::Paths& paths, std::string_view old_id,
                                       std::string& new_id)>;

// Replaces `out` by the document with the numbers, strings and member names that the paths lead to
// replaced; every other byte stays as it was. Each place is asked about once, with what stood there
// before. A number stays a number if the replacement is an integer, a string stays a string; kNoKey
// makes a value null, and leaves a name as it is.
// Objects, arrays and booleans are left alone. Error kIntegrity if members of one object that had
// different names would have the same one.
void rewrite_json(std::string_view json, const std::vector<const JsonPath*>& paths,
                  const JsonReplace& replace, std::string& out);

}  // namespace company_backup
