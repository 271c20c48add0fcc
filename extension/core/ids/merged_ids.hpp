// The map of one column in a merge: rows that are here already, what earlier merges gave, and what
// this one gives.
#pragma once

#include <memory>
#include <vector>

#include "core/ids/id_map.hpp"
#include "core/ids/kept_pairs.hpp"

namespace company_backup {

// What the IDs of one column become.
struct MadeIds {
  std::shared_ptr<const KeyMap> given;
  std::shared_ptr<const KeyMap> earlier = nullptr;  // by merges before
  bool ascends = true;                              // see MergedIds
  std::vector<const HashedIds*> hashed = {};        // of both
};

class MergedIds final : public KeyMap {
 public:
  // `earlier` and `given`: may be null. `ascends`: where both keep the order, so do they together.
  MergedIds(std::shared_ptr<const KeyMap> earlier, std::shared_ptr<const KeyMap> given,
            bool ascends)
      : earlier_(std::move(earlier)), given_(std::move(given)), ascends_(ascends) {}

  // From here on the old ID becomes this one, whatever else is said of it.
  void bind(std::string_view old_id, std::string_view existing) {
    bound_.add({old_id}, {std::string(existing)});
  }
  void set_form(KeyForm form) { bound_.set_forms({form}); }

  size_t width() const override { return 1; }
  bool is_identity() const override {
    return bound_.is_identity() && (!earlier_ || earlier_->is_identity()) &&
           (!given_ || given_->is_identity());
  }
  bool keeps_order() const override {
    return bound_.is_identity() && ascends_ && (!earlier_ || earlier_->keeps_order()) &&
           (!given_ || given_->keeps_order());
  }
  bool find(const std::vector<std::string_view>& old_key,
            std::vector<std::string>& new_key) const override {
    return bound_.find(old_key, new_key) || (earlier_ && earlier_->find(old_key, new_key)) ||
           (given_ && given_->find(old_key, new_key));
  }

 private:
  ListedKeys bound_{1};
  std::shared_ptr<const KeyMap> earlier_, given_;
  bool ascends_;
};

}  // namespace company_backup
