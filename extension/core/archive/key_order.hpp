// The order of rows in an archive: by the columns of their key.
#pragma once

#include <string>
#include <string_view>

#include "core/scope/schema.hpp"

namespace company_backup {

// How the lines of a table are ordered by a key column.
enum class KeyOrder {
  kInteger,  // numerically; decimal digits with an optional sign, as JSON number or string
  kText,     // by memcmp of the unescaped text
};

const char* to_text(KeyOrder order);

// Does a column of this type ascend as an integer (else as text)?
KeyOrder key_order(const Column& column);

// Below, equal to or above zero, as a stands before, at or after b. Texts are unescaped. Error
// kBadArchive for an integer key that is not an integer.
int compare_keys(KeyOrder order, std::string_view a, std::string_view b);

// Appends bytes that compare as the texts do, for a key of one or more columns, column by column.
void append_sort_key(KeyOrder order, std::string_view text, std::string& key);

// Error kBadArchive unless `text` can be a key of this order.
void check_key(KeyOrder order, std::string_view text);

}  // namespace company_backup
