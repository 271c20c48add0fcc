#include "core/scope/path_sampling.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"

namespace company_backup {
namespace {

constexpr size_t kLongestPath = 4096;
constexpr size_t kMostRows = 20'000;  // that are remembered

bool has_words(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || (static_cast<unsigned char>(c) & 0x80) != 0;
  });
}

// Nothing unless IDs are all that the text has, beside what separates them.
std::vector<PathElement> only_ids(PathIds ids, std::string_view text) {
  std::vector<PathElement> elements = read_path(ids, text);
  size_t done = 0;
  for (const PathElement& element : elements) {
    if (has_words(text.substr(done, element.begin - done))) return {};
    done = element.begin + element.size;
  }
  if (has_words(text.substr(done))) elements.clear();
  return elements;
}

// Of the first word of most texts it can be told that they are no paths.
bool may_be_generated(std::string_view text) {
  constexpr size_t kUuidSize = 32;
  const auto is_word = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
  const auto first = std::find_if(text.begin(), text.end(), is_word);
  const auto last = std::find_if_not(first, text.end(), is_word);
  const std::string_view word(first, last);
  return word.size() >= kUuidSize || looks_generated(word);
}

bool all_generated(const std::vector<PathElement>& elements) {
  return !elements.empty() &&
         std::all_of(elements.begin(), elements.end(),
                     [](const PathElement& element) { return looks_generated(element.id); });
}

}  // namespace

void PathSample::see(std::string_view text, const std::string& own,
                     const std::vector<std::string>& parents, const TakeId& take) {
  const bool may_be_document = text.starts_with('{') || text.starts_with('[');
  if (text.size() > kLongestPath || may_be_document || !has_words(text)) return;
  ++evidence_.rows;
  const auto is_deep = [&](const std::vector<PathElement>& elements) {
    return elements.size() > 1 || elements[0].size < text.size();
  };
  for (const PathIds ids : {PathIds::kUuids, PathIds::kTexts}) {
    if (!may_be_generated(text)) break;
    const std::vector<PathElement> elements = only_ids(ids, text);
    if (!all_generated(elements)) continue;
    ++evidence_.paths;
    evidence_.deep += is_deep(elements);
    for (const PathElement& element : elements) take(element.id);
    return;
  }
  const auto is_there = [&](const std::string& id) { return text.find(id) != text.npos; };
  if (!own_ || own.empty()) return;
  const bool may_agree = is_there(own) || std::any_of(parents.begin(), parents.end(), is_there);
  if (!named_ && !may_agree) return;
  const std::vector<PathElement> elements = only_ids(*own_, text);
  if (elements.empty()) return;
  const std::string& last = elements.back().id;
  const bool with_own = last == own;
  const bool agrees = with_own || std::find(parents.begin(), parents.end(), last) != parents.end();
  if (!named_ && !agrees) return;
  ++evidence_.paths;
  evidence_.deep += is_deep(elements);
  evidence_.agreeing += agrees;
  std::vector<std::string> all;
  for (const PathElement& element : elements) {
    take(element.id);
    all.push_back(element.id);
  }
  if (agrees && rows_.size() < kMostRows) rows_.emplace(own, Seen{std::move(all), with_own});
}

// Is the row above known, and has it another text than stands here before the last ID?
bool PathSample::is_bad(const Seen& seen, bool& is_chained) const {
  is_chained = false;
  if (seen.ids.size() < 2) return false;
  const auto above = rows_.find(seen.with_own ? seen.ids[seen.ids.size() - 2] : seen.ids.back());
  if (above == rows_.end()) return false;
  const std::vector<std::string> before(seen.ids.begin(), seen.ids.end() - 1);
  is_chained = above->second.with_own == seen.with_own && above->second.ids == before;
  return !is_chained;
}

PathEvidence PathSample::evidence() const {
  PathEvidence evidence = evidence_;
  for (const auto& [own, seen] : rows_) {
    bool is_chained;
    if (is_bad(seen, is_chained)) --evidence.agreeing;
    evidence.chained += is_chained;
  }
  return evidence;
}

}  // namespace company_backup
