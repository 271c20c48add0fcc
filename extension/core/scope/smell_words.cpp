#include "core/scope/smell_words.hpp"

#include <algorithm>

#include "core/text/names.hpp"

namespace company_backup {
namespace {

// Frameworks write the words of a model as one.
constexpr std::string_view kGluedEnds[] = {"auditlog", "token",  "tokens",  "apikey",
                                           "email",    "device", "devices", "push"};
constexpr std::string_view kGluedStarts[] = {"scheduled"};
constexpr size_t kShortestRest = 3;  // of what the word is glued to

void add_word(const std::string& word, Words& words) {
  for (std::string_view end : kGluedEnds)
    if (word.size() >= end.size() + kShortestRest && word.ends_with(end)) {
      add_word(word.substr(0, word.size() - end.size()), words);
      words.emplace_back(end);
      return;
    }
  for (std::string_view start : kGluedStarts)
    if (word.size() >= start.size() + kShortestRest && word.starts_with(start)) {
      words.emplace_back(start);
      words.push_back(word.substr(start.size()));
      return;
    }
  words.push_back(word);
}

}  // namespace

Words words_of_table(const Table& table) {
  Words words;
  for (const std::string& word : words_of(table.name)) add_word(word, words);
  return words;
}

bool is_word(const std::string& word, WordList list) {
  for (const std::string& form : noun_forms(word))
    if (std::find(list.begin(), list.end(), form) != list.end()) return true;
  return false;
}

bool has_word(const Words& words, WordList list) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return is_word(word, list); });
}

bool ends_in(const Words& words, WordList list) {
  return !words.empty() && is_word(words.back(), list);
}

bool has_pair(const Words& words, WordList first, WordList second) {
  for (size_t i = 1; i < words.size(); ++i)
    if (is_word(words[i - 1], first) && is_word(words[i], second)) return true;
  return false;
}

bool ends_in_pair(const Words& words, WordList first, WordList second) {
  return words.size() > 1 && is_word(words.back(), second) &&
         is_word(words[words.size() - 2], first);
}

bool has_column(const Table& table, WordList names) {
  return std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
    return std::find(names.begin(), names.end(), plain_name(column.name)) != names.end();
  });
}

}  // namespace company_backup
