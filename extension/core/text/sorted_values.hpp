// A set that is filled first and asked afterwards.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>

namespace company_backup {

// Values may come in any order and more than once; those that come sorted cost no sorting. Memory:
// at most 1.5 * sizeof(T) bytes per distinct value, and a few per cent: a deque never copies itself
// to grow, and repeated values are dropped before half as many again have come in.
template <class T>
class SortedValues {
 public:
  void add(const T& value) {
    if (!values_.empty() && value == values_.back()) return;
    sorted_ = sorted_ && (values_.empty() || values_.back() < value);
    values_.push_back(value);
    if (!sorted_ && values_.size() >= compact_at_) compact();
  }

  // To be called once, after the last add() and before anything below.
  void seal() {
    if (!sorted_) compact();
    values_.shrink_to_fit();
  }

  size_t size() const { return values_.size(); }
  const T& operator[](size_t rank) const { return values_[rank]; }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

  // The number of smaller values, if this one is in the set.
  std::optional<size_t> rank(const T& value) const {
    const auto at = std::lower_bound(values_.begin(), values_.end(), value);
    if (at == values_.end() || *at != value) return std::nullopt;
    return static_cast<size_t>(at - values_.begin());
  }

 private:
  void compact() {
    std::sort(values_.begin(), values_.end());
    values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
    sorted_ = true;
    compact_at_ = std::max(kFewest, values_.size() + values_.size() / 2);
  }

  static constexpr size_t kFewest = 4096;

  std::deque<T> values_;
  bool sorted_ = true;
  size_t compact_at_ = kFewest;
};

}  // namespace company_backup
