#include "core/text/array_text.hpp"

#include <algorithm>
#include <cstring>

namespace company_backup {
namespace {

constexpr std::string_view kNull = "null";

// As array_out() decides.
bool is_quoted_element(const std::string& element) {
  const auto is_special = [](char c) { return std::strchr("\"\\{}, \t\n\r\v\f", c) != nullptr; };
  const auto is_letter = [](char c, char letter) { return (c | 0x20) == letter; };
  return element.empty() || std::any_of(element.begin(), element.end(), is_special) ||
         std::equal(element.begin(), element.end(), kNull.begin(), kNull.end(), is_letter);
}

}  // namespace

std::optional<ArrayText> read_array(std::string_view text) {
  ArrayText elements;
  size_t at = 0;
  if (!text.empty() && text.front() == '[') {  // bounds: [0:1]={...}
    at = text.find('=');
    if (at == text.npos) return std::nullopt;
    ++at;
    elements.plain = false;
  }
  if (text.size() < at + 2 || text[at] != '{' || text.back() != '}') return std::nullopt;
  elements.plain = elements.plain && text[at + 1] != '{';
  while (at < text.size()) {
    if (text[at] == '{' || text[at] == '}' || text[at] == ',') {
      ++at;
      continue;
    }
    const size_t begin = at;
    std::string element;
    const bool quoted = text[at] == '"';
    if (quoted) ++at;
    const auto ends = [&](char c) { return quoted ? c == '"' : c == ',' || c == '}'; };
    while (at < text.size() && !ends(text[at])) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      element += text[at++];
    }
    if (quoted && at < text.size()) ++at;
    const bool null = !quoted && element == "NULL";
    elements.list.push_back({null ? std::nullopt : std::optional(std::move(element)), begin, at});
  }
  return elements;
}

void append_element(const std::optional<std::string>& element, std::string& text) {
  const bool quotes = element && is_quoted_element(*element);
  if (quotes) text += '"';
  for (const char c : element.value_or("NULL")) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  if (quotes) text += '"';
}

std::optional<std::vector<std::optional<std::string>>> parse_array(std::string_view text) {
  std::optional<ArrayText> elements = read_array(text);
  if (!elements) return std::nullopt;
  std::vector<std::optional<std::string>> values;
  for (ArrayElement& element : elements->list) values.push_back(std::move(element.value));
  return values;
}

std::string array_text(const std::vector<std::optional<std::string>>& elements) {
  std::string text = "{";
  for (const std::optional<std::string>& element : elements) {
    if (text.size() > 1) text += ',';
    append_element(element, text);
  }
  return text + "}";
}

std::vector<std::string> parse_text_array(std::string_view text) {
  std::vector<std::string> items;
  for (auto& element : parse_array(text).value_or(std::vector<std::optional<std::string>>())) {
    items.push_back(std::move(element).value_or("NULL"));
  }
  return items;
}

std::string text_array(const std::vector<std::string>& items) {
  return array_text({items.begin(), items.end()});
}

}  // namespace company_backup
