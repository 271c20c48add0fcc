// The values of a JSON document that could be IDs, with the path that set_reference() would need.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace company_backup {

// Calls `found` for strings and whole numbers in the document, and for names of members that look
// generated or are numbers, with the path that leads to them, without the "$". What stands beneath
// the same name twice, as in a tree, is at ".**". Of what is deeper than paths can be nothing is
// said. Returns false if `json` is malformed; `found` may have been called then.
using FoundValue = std::function<void(const std::string& path, std::string_view value)>;
bool visit_values(std::string_view json, const FoundValue& found);

// Does a rule for the path `known` say what stands at `path`, one of visit_values() with its "$"?
bool covers_path(const std::string& known, const std::string& path);

// The last name in a path of visit_values(); empty: it has none.
std::string last_name(const std::string& path);

}  // namespace company_backup
