#include "core/text/key_map.hpp"

#include "core/text/error.hpp"

namespace company_backup {

void join_key(const std::vector<std::string_view>& key, std::string& joined) {
  joined.clear();
  for (const std::string_view part : key) {
    if (key.size() > 1) joined += std::to_string(part.size()) + ":";
    joined += part;
  }
}

void KeySet::add(const std::vector<std::string_view>& key) {
  join_key(key, scratch_);
  keys_.insert(scratch_);
}

bool KeySet::contains(const std::vector<std::string_view>& key) const {
  join_key(key, scratch_);
  return keys_.contains(std::string_view(scratch_));
}

void ListedKeys::join(const std::vector<std::string_view>& key) const {
  if (forms_.empty()) return join_key(key, scratch_);
  std::vector<std::string_view> formed = key;
  for (size_t i = 0; i < width_; ++i) formed[i] = in_form(forms_[i], key[i]);
  join_key(formed, scratch_);
}

void ListedKeys::add(const std::vector<std::string_view>& old_key,
                     std::vector<std::string> new_key) {
  for (size_t i = 0; i < width_; ++i) {
    std::string_view old = old_key[i];
    if (!forms_.empty()) {
      old = in_form(forms_[i], old);
      new_key[i].resize(in_form(forms_[i], new_key[i]).size());
    }
    changes_ |= old != new_key[i];
  }
  join(old_key);
  keys_.emplace(scratch_, std::move(new_key));
}

bool ListedKeys::find(const std::vector<std::string_view>& old_key,
                      std::vector<std::string>& new_key) const {
  if (keys_.empty() && unlisted_ == UnlistedKeys::kKept) return false;
  join(old_key);
  const auto found = keys_.find(std::string_view(scratch_));
  if (found != keys_.end()) {
    new_key = found->second;
    return true;
  }
  if (unlisted_ == UnlistedKeys::kKept) return false;
  std::string key;
  for (const std::string_view part : old_key) {
    key += key.empty() ? "" : ", ";
    key += part;
  }
  throw Error(sqlstate_,
              "a row refers to a row of table \"" + table_ + "\" that is not in the archive")
      .detail("The key of that row is (" + key + ").");
}

}  // namespace company_backup
