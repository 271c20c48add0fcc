#include "core/ids/leftover_ids.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"

namespace company_backup {
namespace {

constexpr size_t kUuidSize = 36;
constexpr size_t kShortestId = 14;  // of id_shape.hpp

bool is_word(char c) {
  return is_alphanumeric(c) || c == '_' || c == '-';
}

}  // namespace

bool LeftoverIds::is_old(const std::vector<const HashedIds*>& watched, std::string_view id) const {
  key_.assign(1, id);
  return std::any_of(watched.begin(), watched.end(),
                     [this](const HashedIds* ids) { return ids->find(key_, found_); });
}

// By its dashes, which few texts have at these places.
std::optional<std::string_view> LeftoverIds::find_uuid(std::string_view text) const {
  for (size_t dash = text.find('-', 8); dash != text.npos; dash = text.find('-', dash + 1)) {
    const size_t start = dash - 8;
    if (text.size() - start < kUuidSize) break;
    const std::string_view candidate = text.substr(start, kUuidSize);
    if (candidate[13] != '-' || candidate[18] != '-' || candidate[23] != '-') continue;
    if (is_old(uuids_, candidate)) return candidate;
  }
  return std::nullopt;
}

std::optional<std::string_view> LeftoverIds::find_word(std::string_view text) const {
  for (size_t start = 0; start < text.size();) {
    size_t end = start;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(start, end - start);
    if (word.size() >= kShortestId && is_old(texts_, word)) return word;
    start = end + 1;
  }
  return std::nullopt;
}

std::optional<std::string_view> LeftoverIds::find(std::string_view text) const {
  std::optional<std::string_view> found;
  if (!uuids_.empty() && text.size() >= kUuidSize) found = find_uuid(text);
  if (!found && !texts_.empty() && text.size() >= kShortestId) found = find_word(text);
  return found;
}

}  // namespace company_backup
