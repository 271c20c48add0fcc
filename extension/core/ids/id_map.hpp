// Maps for the rows of one table that get new IDs: integers from a sequence, or IDs that are hashed
// into new ones. At most 24 bytes per distinct ID at any time, a few per cent for allocation aside.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "core/ids/id_renewal.hpp"
#include "core/text/key_map.hpp"
#include "core/text/sorted_values.hpp"

namespace company_backup {

// First add() every old ID, then seal(), then append_new() as often as there are IDs; then find().
//
// Memory per distinct ID: 8 bytes while they come (12 with many duplicates), up to 8 more while
// seal() builds the table of bits, after it 8 or less. New IDs are kept as runs: nothing per ID
// where they are evenly spaced, 12 bytes in the worst case.
class IntegerIds final : public KeyMap {
 public:
  void add(int64_t old_id) { values_.add(old_id); }
  void seal();

  size_t size() const { return size_; }
  int64_t min() const { return min_; }  // of at least one ID
  int64_t max() const { return max_; }

  // New IDs, all ascending or all descending (a sequence may count down): Error kInternal
  // otherwise, or if there are more than old ones. The order of the old ones is kept: the first
  // is that of the smallest old one, or of the greatest if they descend.
  void append_new(int64_t new_id);

  // Every old ID, ascending, and its new one; when all have one.
  void visit(const std::function<void(int64_t old_id, int64_t new_id)>& see) const;

  size_t width() const override { return 1; }
  bool is_identity() const override { return size_ == 0; }  // once sealed
  // Knows an ID only by its canonical text ("7", not "07", "+7" or "7.0").
  bool find(const std::vector<std::string_view>& old_key,
            std::vector<std::string>& new_key) const override;
  // For key columns that the archive orders as integers.
  bool keeps_order() const override { return true; }

 private:
  // 64 neighbouring values: which are IDs, and how many smaller IDs there are.
  struct Word {
    uint64_t bits = 0;
    uint64_t before = 0;
  };
  struct Run {
    size_t rank;  // of its first ID
    int64_t start;
    int64_t step;
  };
  void build_words();
  std::optional<size_t> rank(int64_t old_id) const;
  int64_t new_id(size_t rank) const;  // of those appended

  SortedValues<int64_t> values_;  // emptied where words_ is used
  std::vector<Word> words_;       // only where IDs lie densely: no more than 8 bytes per ID
  size_t size_ = 0;
  int64_t min_ = 0;
  int64_t max_ = 0;
  std::deque<Run> runs_;
  size_t appended_ = 0;
  int64_t last_ = 0;
  bool descending_ = false;
};

// First add() every old ID, then seal(), then find(). Remembers 16 bytes of each ID, 24 at most
// while they come.
class HashedIds final : public KeyMap {
 public:
  explicit HashedIds(Renewal renewal) : renewal_(std::move(renewal)) {}

  // Error kIntegrity if the ID has not the form that the renewal is for.
  void add(std::string_view old_id);
  // The same; false instead of the error.
  bool try_add(std::string_view old_id);
  void seal() { members_.seal(); }

  size_t size() const { return members_.size(); }

  size_t width() const override { return 1; }
  bool is_identity() const override { return members_.size() == 0; }  // once sealed
  bool find(const std::vector<std::string_view>& old_key,
            std::vector<std::string>& new_key) const override;

 private:
  Renewal renewal_;
  SortedValues<Renewal::Identity> members_;
};

}  // namespace company_backup
