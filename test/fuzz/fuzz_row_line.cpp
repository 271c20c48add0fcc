// RowLine over whatever comes; what it accepts must survive being written again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/text/error.hpp"
#include "core/text/json_text.hpp"
#include "core/text/row_line.hpp"

namespace {

using namespace company_backup;

void demand(bool holds) {
  if (!holds) std::abort();
}

void append_value(std::string& out, const RowValue& value) {
  if (value.kind == ValueKind::kNull) {
    out += "null";
  } else if (value.kind == ValueKind::kString) {
    append_json_string(out, value.text);
  } else {
    out += value.text;
  }
}

void check_jsonb(std::string_view json) {
  std::string wrapped;
  append_jsonb(wrapped, json);
  demand(unwrap_jsonb(wrapped) == json);
}

void check_base64(std::string_view text) {
  std::string bytes;
  try {
    append_base64_decoded(bytes, text);
  } catch (const Error&) {
    return;
  }
  std::string again;
  append_base64(again, bytes);
  demand(again == "\"" + std::string(text) + "\"");
}

void check_line(std::string_view line) {
  const std::vector<RowColumn> columns{{"a"}, {"b", true}};
  RowLine row(columns);
  try {
    row.parse(line);
  } catch (const Error&) {
    return;
  }
  std::string again = "{" + json_key_token("a");
  append_value(again, row[0]);
  again += "," + json_key_token("b");
  append_value(again, row[1]);
  again += "}";
  RowLine second(columns);
  second.parse(again);
  for (std::size_t i = 0; i < 2; ++i) {
    demand(second[i].kind == row[i].kind && second[i].text == row[i].text);
  }
  if (row[0].kind == ValueKind::kString) check_base64(row[0].text);
  if (row[1].kind == ValueKind::kJson) check_jsonb(row[1].text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_line(bytes);
  check_base64(bytes);
  return 0;
}
