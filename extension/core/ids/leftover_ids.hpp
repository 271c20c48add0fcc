// Finds old IDs where no rule looks for them: in texts, documents and columns that nobody said are
// references. IDs that are found by chance only are not looked for: integers, and texts shorter
// than a generated ID.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids/id_map.hpp"

namespace company_backup {

class LeftoverIds {
 public:
  // IDs that were replaced; they must outlive this.
  void watch_uuids(const HashedIds* ids) { uuids_.push_back(ids); }
  void watch_texts(const HashedIds* ids) { texts_.push_back(ids); }

  bool empty() const { return uuids_.empty() && texts_.empty(); }

  // The first of them in a text: a UUID anywhere in it, another ID as a whole word of letters,
  // digits, "_" and "-".
  std::optional<std::string_view> find(std::string_view text) const;

 private:
  bool is_old(const std::vector<const HashedIds*>& watched, std::string_view id) const;
  std::optional<std::string_view> find_uuid(std::string_view text) const;
  std::optional<std::string_view> find_word(std::string_view text) const;

  std::vector<const HashedIds*> uuids_, texts_;
  mutable std::vector<std::string_view> key_;  // scratch
  mutable std::vector<std::string> found_;
};

}  // namespace company_backup
