#include "core/text/id_shape.hpp"

#include <algorithm>

#include "core/text/alphabets.hpp"
#include "core/text/hex.hpp"

namespace company_backup {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexLower = kHexDigits;
constexpr std::string_view kHexUpper = "0123456789ABCDEF";
constexpr std::string_view kUpper = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

constexpr size_t kLongestPrefix = 24;
constexpr size_t kShortestToken = 14;
constexpr unsigned kFewestChanges = 3;  // where both cases are used; one in a million has fewer
constexpr uint64_t kYear2012 = 1325376000000;  // milliseconds since 1970
constexpr uint64_t kYear2059 = 2808691200000;

// Kinds of characters.
constexpr unsigned kDigit = 1, kSmallHex = 2, kSmall = 4, kCapitalHex = 8, kCapital = 16,
                   kSeparator = 32;

bool within(char c, char first, char last) {
  return c >= first && c <= last;
}

unsigned kind_of(char c) {
  if (within(c, '0', '9')) return kDigit;
  if (within(c, 'a', 'f')) return kSmallHex;
  if (within(c, 'a', 'z')) return kSmall;
  if (within(c, 'A', 'F')) return kCapitalHex;
  if (within(c, 'A', 'Z')) return kCapital;
  return kSeparator;
}

// Digits, small letters, capitals, others.
unsigned coarse(unsigned kind) {
  if (kind == kSmallHex) return kSmall;
  return kind == kCapitalHex ? kCapital : kind;
}

bool made_of(std::string_view text, std::string_view alphabet) {
  return text.find_first_not_of(alphabet) == text.npos;
}

// As char(n) has them behind a value.
std::string_view without_blanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

bool has_letter(std::string_view text) {
  return !made_of(text, kDigits);
}

// The number that these digits are in base alphabet.size().
uint64_t number(std::string_view digits, std::string_view alphabet) {
  uint64_t value = 0;
  for (const char c : digits) value = value * alphabet.size() + alphabet.find(c);
  return value;
}

bool plausible_time(uint64_t milliseconds) {
  return milliseconds >= kYear2012 && milliseconds < kYear2059;
}

bool is_ulid(std::string_view text) {
  if (text.size() != 26 || !has_letter(text)) return false;
  for (const std::string_view alphabet : {kCrockford, kCrockfordLower}) {
    if (made_of(text, alphabet)) return plausible_time(number(text.substr(0, 10), alphabet));
  }
  return false;
}

bool is_cuid(std::string_view text) {
  return text.size() == 25 && text[0] == 'c' && made_of(text, kBase36) &&
         plausible_time(number(text.substr(1, 8), kBase36));
}

// The first of its characters counts spans of 3.7 years from 2014 on.
bool is_ksuid(std::string_view text) {
  return text.size() == 27 && made_of(text, kBase62) && within(text[0], '0', '9');
}

// Where dashes are missing, only version, variant and time tell a UUID from other sums of 128 bits.
bool is_uuid(std::string_view text) {
  const std::optional<UuidBytes> uuid = parse_uuid(text);
  if (!uuid || text.find('-') != text.npos) return uuid.has_value();
  const unsigned version = (*uuid)[6] >> 4;
  uint64_t time = 0;
  for (int i = 0; i < 6; ++i) time = time << 8 | (*uuid)[i];
  return (*uuid)[8] >> 6 == 2 && (version == 4 || (version == 7 && plausible_time(time)));
}

bool is_cuid2(std::string_view text) {
  return text.size() == 24 && made_of(text, kBase36) && within(text[0], 'a', 'z') &&
         !made_of(text, kHexLower);
}

bool has_shape(IdShape shape, std::string_view text) {
  switch (shape) {
    case IdShape::kNone:
      return false;
    case IdShape::kUuid:
      return is_uuid(text);
    case IdShape::kUlid:
      return is_ulid(text);
    case IdShape::kCuid:
      return is_cuid(text);
    case IdShape::kKsuid:
      return is_ksuid(text);
    case IdShape::kNanoid:
      return text.size() == 21 && made_of(text, kNanoidLetters);
    case IdShape::kCuid2:
      return is_cuid2(text);
    case IdShape::kToken:
      return text.size() >= kShortestToken && made_of(text, kBase62);
  }
  return false;
}

bool is_prefix(std::string_view text) {
  if (text.size() < 2 || text.size() > kLongestPrefix) return false;
  const std::string_view word = text.substr(0, text.size() - 1);
  return (text.back() == '_' || text.back() == '-') && has_letter(text.substr(0, 1)) &&
         text[0] != '_' && made_of(word, kNanoidLetters) && word.find('-') == word.npos;
}

bool has_both_cases(IdShape shape) {
  return shape == IdShape::kNanoid || shape == IdShape::kKsuid;
}

// The least share of places, in hundred, where the kind of character changes.
unsigned demanded_changes(const IdForm& form) {
  switch (form.shape) {
    case IdShape::kNanoid:
    case IdShape::kKsuid:
      return 35;
    case IdShape::kCuid:
    case IdShape::kCuid2:
      return 17;
    case IdShape::kToken:
      return form.alphabet == kBase62 ? 35 : 26;
    default:
      return 0;
  }
}

std::string_view token_alphabet(unsigned kinds) {
  const bool small = (kinds & (kSmall | kSmallHex)) != 0;
  const bool capital = (kinds & (kCapital | kCapitalHex)) != 0;
  if (small && capital) return kBase62;
  if (small) return (kinds & kSmall) != 0 ? kBase36 : kHexLower;
  return (kinds & kCapital) != 0 ? kUpper : kHexUpper;
}

}  // namespace

std::optional<UuidBytes> parse_uuid(std::string_view text) {
  if (text.size() > 2 && text.front() == '{' && text.back() == '}') {
    text = text.substr(1, text.size() - 2);
  }
  const bool dashes = text.size() == 36;
  if (!dashes && text.size() != 32) return std::nullopt;
  UuidBytes bytes{};
  size_t digit = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (dashes && (i == 8 || i == 13 || i == 18 || i == 23)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return std::nullopt;
    bytes[digit / 2] = static_cast<uint8_t>(bytes[digit / 2] << 4 | value);
    ++digit;
  }
  return bytes;
}

// With dashes, if it is one that has them, or "_".
static std::optional<std::string> dashed_uuid(std::string_view text) {
  if (text[8] != '-' && text[8] != '_') return std::nullopt;
  std::string uuid(text);
  for (const size_t at : {8, 13, 18, 23}) {
    if (uuid[at] != text[8]) return std::nullopt;
    uuid[at] = '-';
  }
  return parse_uuid(uuid) ? std::optional(uuid) : std::nullopt;
}

std::vector<std::string> uuids_inside(std::string_view text) {
  constexpr size_t kDashed = 36, kPlain = 32;
  std::vector<std::string> found;
  if (text.size() <= kPlain || parse_uuid(text)) return found;
  const auto is_part = [&](size_t at) {
    return at < text.size() && made_of(text.substr(at, 1), kBase62);
  };
  for (size_t at = 0; at + kPlain <= text.size();) {
    // Most texts have no dash where a UUID has one, and no run of digits that is as long.
    const std::optional<std::string> dashed =
        at + kDashed <= text.size() ? dashed_uuid(text.substr(at, kDashed)) : std::nullopt;
    const bool plain = !dashed && (at == 0 || !is_part(at - 1)) && hex_value(text[at]) >= 0 &&
                       !is_part(at + kPlain) && parse_uuid(text.substr(at, kPlain));
    if (dashed) found.push_back(*dashed);
    if (plain) found.emplace_back(text.substr(at, kPlain));
    at += dashed ? kDashed : plain ? kPlain : 1;
  }
  return found;
}

std::optional<std::string_view> id_payload(const IdForm& form, std::string_view text) {
  if (!text.starts_with(form.prefix)) return std::nullopt;
  text = without_blanks(text.substr(form.prefix.size()));
  if (form.shape == IdShape::kUuid ? !parse_uuid(text) : !has_shape(form.shape, text)) {
    return std::nullopt;
  }
  if (form.shape == IdShape::kToken && !made_of(text, form.alphabet)) return std::nullopt;
  return text;
}

std::vector<ShapeGuess::Candidate> ShapeGuess::candidates(std::string_view id) {
  std::vector<Candidate> found;
  const auto try_shape = [&](IdShape shape, size_t prefix) {
    const std::string_view payload = id.substr(prefix);
    if (prefix > 0 && !is_prefix(id.substr(0, prefix))) return;
    if (!has_shape(shape, payload)) return;
    found.push_back({{shape, std::string(id.substr(0, prefix)), kBase62}, payload.size()});
  };
  const auto try_length = [&](IdShape shape, size_t length) {
    if (id.size() > length) try_shape(shape, id.size() - length);
  };
  constexpr IdShape kStructured[] = {IdShape::kUuid, IdShape::kUlid, IdShape::kCuid,
                                     IdShape::kKsuid};
  for (const IdShape shape : kStructured) try_shape(shape, 0);
  for (const size_t length : {36, 32}) try_length(IdShape::kUuid, length);
  try_length(IdShape::kUlid, 26);
  try_length(IdShape::kCuid, 25);
  try_length(IdShape::kKsuid, 27);
  try_length(IdShape::kNanoid, 21);
  try_length(IdShape::kCuid2, 24);
  const size_t separator = id.find_last_of("_-");
  if (separator != id.npos) try_shape(IdShape::kToken, separator + 1);
  // Last, as a prefix may also be part of these.
  try_shape(IdShape::kNanoid, 0);
  try_shape(IdShape::kCuid2, 0);
  return found;
}

void ShapeGuess::see(std::string_view id) {
  id = without_blanks(id);
  if (!any_) candidates_ = candidates(id);
  any_ = true;
  std::erase_if(candidates_, [&](Candidate& candidate) { return !fits(candidate, id); });
}

bool ShapeGuess::fits(Candidate& candidate, std::string_view id) {
  if (!id.starts_with(candidate.form.prefix)) return false;
  id.remove_prefix(candidate.form.prefix.size());
  if (id.size() != candidate.length || !has_shape(candidate.form.shape, id)) return false;
  unsigned changes = 0;
  for (size_t i = 0; i < id.size(); ++i) {
    candidate.kinds |= kind_of(id[i]);
    changes += i > 0 && coarse(kind_of(id[i])) != coarse(kind_of(id[i - 1]));
  }
  candidate.changes += changes;
  candidate.places += id.size() - 1;
  return !has_both_cases(candidate.form.shape) || changes >= kFewestChanges;
}

bool ShapeGuess::judge(const Candidate& candidate, IdForm& form) {
  form = candidate.form;
  const bool digit = (candidate.kinds & kDigit) != 0;
  const bool small = (candidate.kinds & (kSmall | kSmallHex)) != 0;
  const bool capital = (candidate.kinds & (kCapital | kCapitalHex)) != 0;
  if (has_both_cases(form.shape) && !(small && capital)) return false;
  form.alphabet = {};
  if (form.shape == IdShape::kToken) {
    if (!digit || !(small || capital)) return false;
    form.alphabet = token_alphabet(candidate.kinds);
  }
  return candidate.changes * 100 >= candidate.places * demanded_changes(form);
}

IdForm ShapeGuess::form() const {
  IdForm form;
  for (const Candidate& candidate : candidates_) {
    if (judge(candidate, form)) return form;
  }
  return {};
}

IdForm form_of(std::string_view id) {
  ShapeGuess guess;
  guess.see(id);
  return guess.form();
}

}  // namespace company_backup
