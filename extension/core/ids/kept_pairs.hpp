// Old IDs and the new ones that they got in a merge, as they are kept for the next one: pieces of
// bytes, each of which can be read alone. Numbers that follow each other take some 2 bytes a pair.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/key_map.hpp"

namespace company_backup {

// How the IDs of a column are kept.
enum class KeptAs : char { kNumbers = 'n', kTexts = 't' };

class KeptPairWriter {
 public:
  using Put = std::function<void(std::string_view piece)>;
  // `put` gets each piece, of about 64 KiB, when it is full.
  KeptPairWriter(KeptAs as, Put put) : as_(as), put_(std::move(put)) {}

  void add(int64_t old_id, int64_t new_id);
  void add(std::string_view old_id, std::string_view new_id);
  void finish();  // the last piece, if there is anything in it

 private:
  void begin_pair();

  KeptAs as_;
  Put put_;
  std::string piece_;
  int64_t last_old_ = 0, last_new_ = 0;
};

// Numbers of earlier merges: 16 bytes a pair.
class KeptNumbers final : public KeyMap {
 public:
  // Error kInternal if it is not a piece of numbers.
  void read(std::string_view piece);
  // After the last read(), before find().
  void seal();

  bool contains(int64_t old_id) const;
  int64_t greatest_old() const { return pairs_.back().first; }  // of at least one
  int64_t greatest_new() const { return greatest_new_; }

  size_t width() const override { return 1; }
  bool is_identity() const override { return pairs_.empty(); }
  bool find(const std::vector<std::string_view>& old_key,
            std::vector<std::string>& new_key) const override;
  bool keeps_order() const override { return keeps_order_; }

 private:
  using Pair = std::pair<int64_t, int64_t>;
  std::vector<Pair>::const_iterator at(int64_t old_id) const;

  std::vector<Pair> pairs_;  // by the old ID
  mutable size_t next_ = 0;  // behind the one that was asked for last: most are asked for in turn
  int64_t greatest_new_ = 0;
  bool keeps_order_ = true;
};

// Adds the pairs of a piece of texts. Error kInternal if it is none.
void read_kept_texts(std::string_view piece, ListedKeys& to);

}  // namespace company_backup
