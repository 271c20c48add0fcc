#include "core/ids/kept_pairs.hpp"

#include <algorithm>

#include "core/text/integer_text.hpp"

namespace company_backup {
namespace {

constexpr size_t kFullPiece = 65536;

// Small numbers of either sign become small ones without: 0, -1, 1, -2...
uint64_t zigzag(uint64_t difference) {
  const auto is_signed = static_cast<int64_t>(difference) < 0;
  return difference << 1 ^ (is_signed ? UINT64_MAX : 0);
}

uint64_t unzigzag(uint64_t number) {
  return number >> 1 ^ ((number & 1) == 0 ? 0 : UINT64_MAX);
}

// Seven bits a byte, the lowest first.
void put_number(std::string& to, uint64_t number) {
  constexpr uint64_t kMore = 0x80;
  for (; number >= kMore; number >>= 7) to += static_cast<char>(number | kMore);
  to += static_cast<char>(number);
}

class PieceReader {
 public:
  PieceReader(KeptAs as, std::string_view piece) : rest_(piece) {
    if (rest_.empty() || rest_[0] != static_cast<char>(as)) refuse();
    rest_.remove_prefix(1);
  }

  bool at_end() const { return rest_.empty(); }

  uint64_t number() {
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) refuse();
      const auto byte = static_cast<uint8_t>(rest_[0]);
      rest_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return number;
    }
    refuse();
  }

  int64_t after(int64_t last) {
    return static_cast<int64_t>(static_cast<uint64_t>(last) + unzigzag(number()));
  }

  std::string_view text() {
    const uint64_t size = number();
    if (size > rest_.size()) refuse();
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }

 private:
  [[noreturn]] static void refuse() {
    throw Error(sqlstate::kInternal, "the IDs that were kept of an earlier merge are damaged");
  }

  std::string_view rest_;
};

uint64_t difference(int64_t from, int64_t to) {
  return static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
}

}  // namespace

void KeptPairWriter::begin_pair() {
  if (piece_.size() >= kFullPiece) finish();
  if (!piece_.empty()) return;
  piece_ += static_cast<char>(as_);
  last_old_ = last_new_ = 0;
}

void KeptPairWriter::add(int64_t old_id, int64_t new_id) {
  begin_pair();
  put_number(piece_, zigzag(difference(last_old_, old_id)));
  put_number(piece_, zigzag(difference(last_new_, new_id)));
  last_old_ = old_id;
  last_new_ = new_id;
}

void KeptPairWriter::add(std::string_view old_id, std::string_view new_id) {
  begin_pair();
  for (const std::string_view text : {old_id, new_id}) {
    put_number(piece_, text.size());
    piece_ += text;
  }
}

void KeptPairWriter::finish() {
  if (!piece_.empty()) put_(piece_);
  piece_.clear();
}

void KeptNumbers::read(std::string_view piece) {
  PieceReader reader(KeptAs::kNumbers, piece);
  Pair pair{0, 0};
  while (!reader.at_end()) {
    pair.first = reader.after(pair.first);
    pair.second = reader.after(pair.second);
    pairs_.push_back(pair);
  }
}

void KeptNumbers::seal() {
  std::sort(pairs_.begin(), pairs_.end());
  for (size_t i = 0; i < pairs_.size(); ++i) {
    if (i > 0 && pairs_[i].second <= pairs_[i - 1].second) keeps_order_ = false;
    greatest_new_ = i == 0 ? pairs_[i].second : std::max(greatest_new_, pairs_[i].second);
  }
}

std::vector<KeptNumbers::Pair>::const_iterator KeptNumbers::at(int64_t old_id) const {
  if (next_ < pairs_.size() && pairs_[next_].first == old_id)
    return pairs_.begin() + static_cast<ptrdiff_t>(next_++);
  if (next_ > 0 && pairs_[next_ - 1].first == old_id)
    return pairs_.begin() + static_cast<ptrdiff_t>(next_ - 1);
  const auto found =
      std::lower_bound(pairs_.begin(), pairs_.end(), old_id,
                       [](const Pair& pair, int64_t wanted) { return pair.first < wanted; });
  if (found == pairs_.end() || found->first != old_id) return pairs_.end();
  next_ = static_cast<size_t>(found - pairs_.begin()) + 1;
  return found;
}

bool KeptNumbers::contains(int64_t old_id) const {
  return at(old_id) != pairs_.end();
}

bool KeptNumbers::find(const std::vector<std::string_view>& old_key,
                       std::vector<std::string>& new_key) const {
  const std::optional<int64_t> old_id = canonical_integer(old_key[0]);
  const auto found = old_id ? at(*old_id) : pairs_.end();
  if (found == pairs_.end()) return false;
  new_key.assign(1, std::to_string(found->second));
  return true;
}

void read_kept_texts(std::string_view piece, ListedKeys& to) {
  PieceReader reader(KeptAs::kTexts, piece);
  while (!reader.at_end()) {
    const std::string_view old_id = reader.text();
    to.add({old_id}, {std::string(reader.text())});
  }
}

}  // namespace company_backup
