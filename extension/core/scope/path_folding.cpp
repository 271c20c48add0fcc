#include "core/scope/path_folding.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

namespace company_backup {
namespace {

// Where the step that begins here ends: `.name`, `."quoted"`, `.*`, `.**`, `.keys()` or `[*]`.
size_t end_of_step(std::string_view path, size_t at) {
  if (path[at] == '[') return at + 3;
  if (path.substr(at + 1).starts_with('"')) {
    for (at += 2; path[at] != '"'; ++at) at += path[at] == '\\';
    return at + 1;
  }
  return std::min(path.find_first_of(".[", at + 1), path.size());
}

bool is_name(std::string_view step) {
  return step[0] == '.' && step != ".*" && step != ".**" && step != ".keys()";
}

// Calls act(object, step) for each step that is a member's name.
template <class Act>
void each_name(const std::string& path, Act&& act) {
  for (size_t at = 0; at < path.size();) {
    const size_t end = end_of_step(path, at);
    const std::string step = path.substr(at, end - at);
    if (is_name(step)) act(path.substr(0, at), step);
    at = end;
  }
}

}  // namespace

void PathFolder::count(const std::string& path) {
  if (counted_all()) seen_.insert(std::hash<std::string>()(path));
}

std::optional<std::string> PathFolder::place(const std::string& path) {
  std::string place = folded(path);
  if (places_.contains(place)) return place;
  if (path.size() > kLongestPath) {
    left_out_ = true;
    return std::nullopt;
  }
  places_.insert(place);
  add_names(place);
  while (fold_largest(kMostNames + 1)) {
  }
  constexpr size_t kFew = 10;
  while (places_.size() > kMostPlaces && fold_largest(kFew)) {
  }
  place = folded(place);
  if (places_.size() <= kMostPlaces) return place;
  places_.erase(place);
  left_out_ = true;
  return std::nullopt;
}

std::vector<std::string> PathFolder::folded() const {
  std::vector<std::string> objects;
  for (const std::string& object : folded_) objects.push_back("$" + object);
  return objects;
}

std::string PathFolder::folded(const std::string& path) const {
  if (folded_.empty()) return path;
  std::string text;
  for (size_t at = 0; at < path.size();) {
    const size_t end = end_of_step(path, at);
    const std::string_view step = std::string_view(path).substr(at, end - at);
    text += is_name(step) && folded_.contains(text) ? ".*" : step;
    at = end;
  }
  return text;
}

void PathFolder::add_names(const std::string& place) {
  each_name(place, [&](const std::string& object, const std::string& name) {
    names_[object].insert(name);
  });
}

// The object with the most members; false if none has so many.
bool PathFolder::fold_largest(size_t at_least) {
  const auto fewer = [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); };
  const auto largest = std::max_element(names_.begin(), names_.end(), fewer);
  if (largest == names_.end() || largest->second.size() < at_least) return false;
  fold(largest->first);
  return true;
}

void PathFolder::fold(const std::string& object) {
  folded_.insert(object);
  const std::set<std::string> before = std::exchange(places_, {});
  names_.clear();
  for (const std::string& old : before) {
    const std::string place = folded(old);
    if (place != old) moved_.emplace_back(old, place);
    if (places_.insert(place).second) add_names(place);
  }
}

}  // namespace company_backup
