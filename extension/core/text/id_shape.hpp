// The shapes of generated IDs, and whether all IDs of a column have one of them. IDs that somebody
// chose (slugs, e-mail addresses, document numbers) must never be taken for generated: replacing
// them would be wrong, while refusing a generated one costs a rule.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace company_backup {

enum class IdShape : uint8_t {
  kNone,
  kUuid,    // 32 hex digits, with or without dashes and braces
  kUlid,    // 26 of Crockford's base 32, one case; 10 of them the time
  kCuid,    // "c", 8 of base 36 the time, 16 more
  kKsuid,   // 27 of base 62, 6 of them the time
  kNanoid,  // 21 of [A-Za-z0-9_-]
  kCuid2,   // 24 of base 36, first a letter
  kToken,   // 14 or more letters and digits; only after a prefix
};

// "inv_01HGW2BBN5..." is the prefix "inv_" and a ULID.
struct IdForm {
  IdShape shape = IdShape::kNone;
  std::string prefix;         // begins with a letter, ends in "_" or "-"
  std::string_view alphabet;  // kToken, of its letters and digits; static

  explicit operator bool() const { return shape != IdShape::kNone; }
  bool operator==(const IdForm&) const = default;
};

using UuidBytes = std::array<uint8_t, 16>;

// Nothing unless `text` is a UUID: 8-4-4-4-12 or 32 hex digits, either way perhaps in braces.
std::optional<UuidBytes> parse_uuid(std::string_view text);

// Each UUID that stands in a text beside something else: "asset-<uuid>", "/asset/<uuid>/edit". What
// is written without dashes has no letter or digit next to it: else it would be part of a checksum.
// Also with "_" for dashes, as in labels of an ltree, which are given as dashes.
std::vector<std::string> uuids_inside(std::string_view text);

// What follows the prefix of the form, up to blanks at the end, if that has its shape. Does not
// judge randomness.
std::optional<std::string_view> id_payload(const IdForm& form, std::string_view text);

// Sees all IDs of a column and says the one form that all of them have.
//
// UUIDs and ULIDs are told by their structure: dashes, version bits, a time between 2012 and 2059.
// The others are little more than letters and digits, so a column counts as generated when all IDs
// have the same length and prefix, and their characters change between capitals, small letters and
// digits about as often as random ones do: at 64 of 100 places where both cases are used, at 40
// where one is; in words with a number at the end hardly ever. With one case after a prefix, codes
// that somebody composed look most alike: there the demand is highest for what can be expected. One
// ID alone may fail by chance (a nanoid in 300, a cuid2 in 50); the mean of several does not.
class ShapeGuess {
 public:
  void see(std::string_view id);

  // No shape if an ID had another one than the others, or none was seen.
  IdForm form() const;

 private:
  struct Candidate {
    IdForm form;
    size_t length;         // of the payload
    uint64_t places = 0;   // between two characters
    uint64_t changes = 0;  // places where the kind of character changes
    unsigned kinds = 0;    // seen in any ID
  };
  static std::vector<Candidate> candidates(std::string_view id);
  static bool fits(Candidate& candidate, std::string_view id);
  static bool judge(const Candidate& candidate, IdForm& form);

  bool any_ = false;
  std::vector<Candidate> candidates_;
};

// The form of one ID alone.
IdForm form_of(std::string_view id);

}  // namespace company_backup
