// Closed sets of words. Each is an enum class whose values count from 0, with a to_text() that
// gives every value its word, and "" to what is no value. Text is parsed where it comes in: an
// argument of SQL, a row of the catalog, a member of an archive.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/error.hpp"

namespace company_backup {

// In the order of their values.
template <class Word>
std::vector<Word> all_words() {
  std::vector<Word> words;
  for (int value = 0; *to_text(static_cast<Word>(value)) != '\0'; ++value) {
    words.push_back(static_cast<Word>(value));
  }
  return words;
}

template <class Word>
std::optional<Word> parse_word(std::string_view text) {
  for (const Word word : all_words<Word>()) {
    if (text == to_text(word)) return word;
  }
  return std::nullopt;
}

// A word that this extension has stored itself. Error kInternal.
template <class Word>
Word stored_word(const std::string& text) {
  const std::optional<Word> word = parse_word<Word>(text);
  if (!word) {
    throw Error(sqlstate::kInternal,
                "a table of the extension holds the unknown word \"" + text + "\"");
  }
  return *word;
}

}  // namespace company_backup
