#include "core/text/names.hpp"

#include <algorithm>
#include <utility>

#include "core/text/ascii.hpp"

namespace company_backup {
namespace {

bool is_letter(char c) {
  return is_upper(c) || is_lower(c) || (static_cast<unsigned char>(c) > 127);
}

// Does a new word begin at position i of a run of letters and digits?
bool word_begins(std::string_view name, size_t i) {
  if (i == 0 || !is_upper(name[i])) return false;
  const char before = name[i - 1];
  if (!is_upper(before)) return is_letter(before) || is_digit(before);
  const bool lower_follows = i + 1 < name.size() && is_lower(name[i + 1]);
  const bool plural_of_acronym = i + 2 == name.size() && name[i + 1] == 's';  // "customerIDs"
  return lower_follows && !plural_of_acronym;
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_last_word(const std::string& noun, std::string_view word) {
  return noun == word || (ends_with(noun, word) && noun[noun.size() - word.size() - 1] == '_');
}

constexpr std::pair<std::string_view, std::string_view> kIrregular[] = {
    {"people", "person"},        {"children", "child"}, {"criteria", "criterion"},
    {"phenomena", "phenomenon"}, {"men", "man"},        {"women", "woman"},
    {"data", "datum"},           {"media", "medium"}};

}  // namespace

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  bool inside = false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_letter(c) && !is_digit(c)) {
      inside = false;
      continue;
    }
    if (!inside || word_begins(name, i)) words.emplace_back();
    inside = true;
    words.back() += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

std::string joined_words(std::span<const std::string> words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : "_") + word;
  return joined;
}

std::string plain_name(std::string_view name) {
  return joined_words(words_of(name));
}

std::vector<std::string> noun_forms(const std::string& noun) {
  std::vector<std::string> forms{noun};
  const size_t size = noun.size();
  if (ends_with(noun, "ies")) forms.push_back(noun.substr(0, size - 3) + "y");
  if (ends_with(noun, "zzes")) forms.push_back(noun.substr(0, size - 3));
  if (ends_with(noun, "ves")) {
    forms.push_back(noun.substr(0, size - 3) + "f");
    forms.push_back(noun.substr(0, size - 3) + "fe");
  }
  if (ends_with(noun, "ses")) forms.push_back(noun.substr(0, size - 2) + "is");
  if (ends_with(noun, "ices")) {
    forms.push_back(noun.substr(0, size - 4) + "ex");
    forms.push_back(noun.substr(0, size - 4) + "ix");
  }
  for (const auto& [plural, singular] : kIrregular)
    if (is_last_word(noun, plural))
      forms.push_back(noun.substr(0, size - plural.size()) + std::string(singular));
  if (ends_with(noun, "es")) forms.push_back(noun.substr(0, size - 2));
  if (ends_with(noun, "s")) forms.push_back(noun.substr(0, size - 1));
  return forms;
}

std::vector<std::string> nouns_of_kind(std::string_view kind) {
  std::vector<std::string> nouns{plain_name(kind)};
  constexpr std::string_view kSeparators = ":.\\/";
  for (size_t at = 0; (at = kind.find_first_of(kSeparators, at)) != kind.npos; ++at)
    if (at + 1 < kind.size() && kSeparators.find(kind[at + 1]) == kSeparators.npos)
      nouns.push_back(plain_name(kind.substr(at + 1)));
  return nouns;
}

std::optional<std::string> id_stem(std::string_view column_name) {
  const auto words = words_of(column_name);
  if (words.size() < 2) return std::nullopt;
  const std::string& last = words.back();
  if (last != "id" && last != "ids" && last != "uuid" && last != "uuids") return std::nullopt;
  return joined_words(std::span(words).first(words.size() - 1));
}

}  // namespace company_backup
