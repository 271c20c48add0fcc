// The values of a JSON document that could be IDs, with the path that set_reference() would need.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace company_backup {

enum class DocumentRead {
  kWhole,
  kInPart,  // there are values that no path leads to: beneath a name that is empty, or that no text
            // of PostgreSQL's can be; deeper, or beneath longer names, than paths can be
  kNot,     // it is malformed
};

// Calls `found` for strings and whole numbers in the document, and for names of members that look
// generated or are numbers, with the path that leads to them, without the "$". What stands beneath
// the same name twice, as in a tree, is at ".**". Of a malformed document it may have been called
// before the place that is. Reads what type json accepts, without recursion.
using FoundValue = std::function<void(const std::string& path, std::string_view value)>;
DocumentRead visit_values(std::string_view json, const FoundValue& found);

// Does a rule for the path `known` say what stands at `path`, one of visit_values() with its "$"?
bool covers_path(const std::string& known, const std::string& path);

// The last name in a path of visit_values(); empty: it has none.
std::string last_name(const std::string& path);

// What the row is called whose key a value at the path may be: as last_name(), but for "id" and the
// like the name of the object that has it: "project" for "$.project.id" and "$.project".
std::string row_name(const std::string& path);

}  // namespace company_backup
