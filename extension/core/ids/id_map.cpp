#include "core/ids/id_map.hpp"

#include <array>
#include <bit>
#include <charconv>

#include "core/text/error.hpp"
#include "core/text/integer_text.hpp"

namespace company_backup {
namespace {

constexpr size_t kWordSize = 64;

// From the smallest ID on; differences of 64-bit integers need all 64 bits.
uint64_t distance(int64_t from, int64_t to) {
  return static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
}

}  // namespace

void IntegerIds::seal() {
  values_.seal();
  size_ = values_.size();
  if (size_ == 0) return;
  min_ = values_[0];
  max_ = values_[size_ - 1];
  // No more words than half as many as IDs: then the words take less than the list.
  if (distance(min_, max_) / kWordSize < size_ / 2) build_words();
}

void IntegerIds::build_words() {
  words_.resize(distance(min_, max_) / kWordSize + 1);
  for (const int64_t value : values_) {
    const uint64_t at = distance(min_, value);
    words_[at / kWordSize].bits |= uint64_t{1} << at % kWordSize;
  }
  uint64_t before = 0;
  for (Word& word : words_) {
    word.before = before;
    before += static_cast<uint64_t>(std::popcount(word.bits));
  }
  values_ = {};
}

std::optional<size_t> IntegerIds::rank(int64_t old_id) const {
  if (words_.empty()) return values_.rank(old_id);
  if (old_id < min_ || old_id > max_) return std::nullopt;
  const uint64_t at = distance(min_, old_id);
  const Word& word = words_[at / kWordSize];
  const uint64_t bit = uint64_t{1} << at % kWordSize;
  if ((word.bits & bit) == 0) return std::nullopt;
  return word.before + static_cast<uint64_t>(std::popcount(word.bits & (bit - 1)));
}

void IntegerIds::append_new(int64_t new_id) {
  if (appended_ == 1) descending_ = new_id < last_;
  const bool in_order = appended_ == 0 || (descending_ ? new_id < last_ : new_id > last_);
  if (appended_ == size_ || !in_order) {
    throw Error(sqlstate::kInternal, "new IDs are too many or out of order");
  }
  Run* run = runs_.empty() ? nullptr : &runs_.back();
  const size_t length = run == nullptr ? 0 : appended_ - run->rank;
  // The step fits: a sequence's values are as far apart as its increment, or a little more.
  const auto step = static_cast<int64_t>(distance(last_, new_id));
  if (length == 1) {
    run->step = step;
  } else if (length == 0 || run->step != step) {
    runs_.push_back({appended_, new_id, 0});
  }
  last_ = new_id;
  ++appended_;
}

int64_t IntegerIds::new_id(size_t rank) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), rank,
                       [](size_t wanted, const Run& run) { return wanted < run.rank; });
  const Run& run = *std::prev(after);
  // Unsigned: the result is in range whatever the product is.
  return static_cast<int64_t>(static_cast<uint64_t>(run.start) +
                              static_cast<uint64_t>(run.step) * (rank - run.rank));
}

void IntegerIds::visit(const std::function<void(int64_t, int64_t)>& see) const {
  const auto see_rank = [&](int64_t old_id, size_t rank) {
    const size_t turn = descending_ ? size_ - 1 - rank : rank;
    see(old_id, new_id(turn));
  };
  size_t rank = 0;
  for (const int64_t value : values_) see_rank(value, rank++);
  for (size_t word = 0; word < words_.size(); ++word) {
    for (uint64_t bits = words_[word].bits; bits != 0; bits &= bits - 1) {
      const uint64_t at = word * kWordSize + static_cast<uint64_t>(std::countr_zero(bits));
      see_rank(static_cast<int64_t>(static_cast<uint64_t>(min_) + at), rank++);
    }
  }
}

bool IntegerIds::find(const std::vector<std::string_view>& old_key,
                      std::vector<std::string>& new_key) const {
  const std::optional<int64_t> old_id = canonical_integer(old_key[0]);
  const std::optional<size_t> at = old_id ? rank(*old_id) : std::nullopt;
  if (!at) return false;
  const size_t turn = descending_ ? size_ - 1 - *at : *at;
  if (turn >= appended_) throw Error(sqlstate::kInternal, "an ID has no new one yet");
  std::array<char, 24> digits;
  const auto [end, error] = std::to_chars(digits.begin(), digits.end(), new_id(turn));
  new_key.resize(1);
  new_key[0].assign(digits.data(), end);
  return true;
}

bool HashedIds::try_add(std::string_view old_id) {
  Renewal::Reading reading;
  if (!renewal_.read(old_id, reading)) return false;
  members_.add(reading.identity);
  return true;
}

void HashedIds::add(std::string_view old_id) {
  if (!try_add(old_id)) {
    throw Error(sqlstate::kIntegrity, "an ID does not have the form of the other IDs of its column")
        .detail("It is \"" + std::string(old_id.substr(0, 100)) + "\".");
  }
}

bool HashedIds::find(const std::vector<std::string_view>& old_key,
                     std::vector<std::string>& new_key) const {
  Renewal::Reading reading;
  if (!renewal_.read(old_key[0], reading) || !members_.rank(reading.identity)) return false;
  new_key.resize(1);
  renewal_.write(old_key[0], reading, new_key[0]);
  return true;
}

}  // namespace company_backup
