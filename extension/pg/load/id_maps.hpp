// From old IDs to new ones: the maps by which references follow rows that get new IDs.
#pragma once

#include <map>
#include <memory>

#include "core/ids/leftover_ids.hpp"
#include "core/scope/column_roots.hpp"
#include "core/text/key_map.hpp"

namespace company_backup {

class IdMaps {
 public:
  // For the renewed column and all that follows it; null if it is not renewed.
  const KeyMap* of(const ColumnRoot& origin) const {
    const auto found = maps_.find(origin);
    return found == maps_.end() ? nullptr : found->second.get();
  }

  // Only numbers of groups are new.
  bool keeps_keys() const { return keeps_keys_; }

  // The old IDs that may not be left anywhere.
  const LeftoverIds& leftovers() const { return leftovers_; }

 protected:
  std::map<ColumnRoot, std::shared_ptr<const KeyMap>> maps_;
  LeftoverIds leftovers_;
  bool keeps_keys_ = false;
};

}  // namespace company_backup
