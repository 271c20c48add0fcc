// New IDs for old ones of the same shape. The new one is a keyed hash of the old one, so nothing
// has to be remembered: within a restore the same ID always becomes the same new one, wherever it
// stands, and with the fresh key of another restore it becomes another.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/text/digest.hpp"
#include "core/text/id_shape.hpp"

namespace company_backup {

// What is kept and what is hashed:
//   UUID    version 1, 6, 7: the first 64 bits (time) and the version kept; anything else, nil and
//           handmade ones too, becomes a version 4. Letter case, dashes and braces as in the old
//   ULID    48 bits of time kept, 80 hashed; letter case kept
//   cuid    "c" and 8 characters of time kept, 16 hashed
//   KSUID   6 characters of time kept, 21 hashed
//   others  all hashed, over the same alphabet, same length
// The prefix is kept. Two old IDs meet in one new one as rarely as random IDs of that shape do.
class Renewal {
 public:
  // `key`: fresh random bytes for every restore.
  Renewal(const std::array<uint8_t, 32>& key, IdForm form) : key_(key), form_(std::move(form)) {}

  // What an ID is known by, in whatever spelling: a UUID's own bytes, else a digest.
  struct Identity {
    uint64_t high;
    uint64_t low;
    auto operator<=>(const Identity&) const = default;
  };
  struct Reading {
    std::string_view payload;  // part of the text that was read
    UuidBytes uuid;
    Sha256Digest digest;  // not of UUIDs
    Identity identity;
  };

  // False if the text has not the form. Same key, same identity: same ID.
  bool read(std::string_view old_id, Reading& reading) const;

  // Replaces `new_id`. `reading`: of this ID.
  void write(std::string_view old_id, const Reading& reading, std::string& new_id) const;

  // Both at once.
  bool renew(std::string_view old_id, std::string& new_id) const;

 private:
  Sha256Digest digest(uint8_t block, std::string_view id) const;
  void write_uuid(const Reading& reading, char* to) const;
  // Writes `count` hashed characters.
  void pour(std::string_view alphabet, const Reading& reading, char* to, size_t count) const;

  std::array<uint8_t, 32> key_;
  IdForm form_;
  mutable Sha256 sha256_;
};

}  // namespace company_backup
