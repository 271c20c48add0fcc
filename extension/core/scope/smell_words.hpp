// Words inside names, and lists of them: what smells.hpp goes by. Internal to it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

using Words = std::vector<std::string>;
using WordList = std::initializer_list<std::string_view>;

// The words of a table's name, also where they are written as one: "pushdevicetoken" ends in token.
Words words_of_table(const Table& table);

// Singular or plural.
bool is_word(const std::string& word, WordList list);
bool has_word(const Words& words, WordList list);
bool ends_in(const Words& words, WordList list);
// Two words in a row, "api_key" for {"api"}, {"key"}.
bool has_pair(const Words& words, WordList first, WordList second);
bool ends_in_pair(const Words& words, WordList first, WordList second);

// A column of exactly one of these plain names.
bool has_column(const Table& table, WordList names);

}  // namespace company_backup
