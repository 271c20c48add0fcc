// Arrays in PostgreSQL's text form: {1,"two, three",NULL}.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace company_backup {

struct ArrayElement {
  std::optional<std::string> value;
  std::size_t begin, end;  // where it stands in the text
};

struct ArrayText {
  std::vector<ArrayElement> list;  // of all dimensions, in order
  bool plain = true;               // one dimension, from 1 on
};

// Nothing if it is no array.
std::optional<ArrayText> read_array(std::string_view text);

// Appends one element as array_out() writes it.
void append_element(const std::optional<std::string>& element, std::string& text);

// Only the values, of all dimensions.
std::optional<std::vector<std::optional<std::string>>> parse_array(std::string_view text);
std::string array_text(const std::vector<std::optional<std::string>>& elements);

// The same of arrays without NULLs; what is no array has no elements.
std::vector<std::string> parse_text_array(std::string_view text);
std::string text_array(const std::vector<std::string>& items);

}  // namespace company_backup
