// The places in the documents of one column that values are looked at at. There are only so many:
// where an object has very many members, their names are data themselves, and all are one place.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace company_backup {

class PathFolder {
 public:
  static constexpr size_t kMostPlaces = 200;
  static constexpr size_t kMostNames = 100;      // members of one object
  static constexpr size_t kMostCounted = 20000;  // different paths
  static constexpr size_t kLongestPath = 1000;   // that a rule could name

  // Paths as visit_values() gives them. Counts one, whatever stands there.
  void count(const std::string& path);
  // The place of a value; none: it is left out.
  std::optional<std::string> place(const std::string& path);
  // Places that have become parts of others since the last call: old and new ones.
  std::vector<std::pair<std::string, std::string>> take_moved() {
    return std::exchange(moved_, {});
  }

  size_t paths() const { return seen_.size(); }
  bool counted_all() const { return seen_.size() < kMostCounted; }
  bool has_left_out() const { return left_out_; }
  // The objects whose members are one place each, "$" first.
  std::vector<std::string> folded() const;

 private:
  std::string folded(const std::string& path) const;
  void add_names(const std::string& place);
  bool fold_largest(size_t at_least);
  void fold(const std::string& object);

  std::set<std::string> places_;
  std::set<std::string> folded_;                        // objects
  std::map<std::string, std::set<std::string>> names_;  // of the members of each object
  std::vector<std::pair<std::string, std::string>> moved_;
  std::unordered_set<size_t> seen_;  // hashes
  bool left_out_ = false;
};

}  // namespace company_backup
