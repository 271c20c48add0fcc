// Paths over documents, whatever comes: what is replaced is what was collected, and nothing else.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/error.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_walk.hpp"

namespace {

using namespace company_backup;

void demand(bool holds) {
  if (!holds) std::abort();
}

std::string rewritten(const JsonPath& path, std::string_view json, const std::string& ending) {
  std::string out;
  rewrite_json(
      json, {&path},
      [&](const auto&, std::string_view old_id, std::string& new_id) {
        new_id = std::string(old_id) + ending;
        return true;
      },
      out);
  return out;
}

// One spelling, read as it was written.
void check_text(const JsonPath& path) {
  const JsonPath again = JsonPath::parse(path.text());
  demand(again.text() == path.text());
}

void check(const JsonPath& path, std::string_view json, bool names) {
  std::vector<std::string> before, after, others;
  collect_ids(path, json, before, others);
  demand(rewritten(path, json, "") == json);
  const std::string changed = rewritten(path, json, "7");
  // Where names change, or what a condition looks at, the path may lead elsewhere.
  if (names || path.has_conditions()) return;
  collect_ids(path, changed, after, others);
  for (std::string& id : before) id += "7";
  demand(after == before);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string text(bytes.substr(0, bytes.find('\n')));
  try {
    const JsonPath path = JsonPath::parse(text);
    check_text(path);
    check(path, bytes.substr(std::min(size, text.size() + 1)), text.ends_with("keys()"));
  } catch (const Error&) {
  }
  return 0;
}
