#include "core/scope/evidence.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <set>
#include <utility>

#include "core/text/ascii.hpp"
#include "core/text/id_shape.hpp"

namespace company_backup {
namespace {

constexpr int kBucketBits = 16;
constexpr size_t kMostMatches = 1000;  // kept of a place

// See Sampled::kept.
constexpr uint64_t kGenerated = 1, kRandom = 2, kComposed = 4, kRespelt = 8, kLooks = 15;

// By the lower half first: the upper one, which the buckets go by, stays what it is by chance.
uint64_t order_of(uint64_t hash) {
  return std::rotr(hash | kLooks, 32);
}

uint64_t hash_of(std::string_view value, const std::optional<UuidBytes>& uuid) {
  const std::hash<std::string_view> hash;
  if (!uuid) return hash(value);
  return hash({reinterpret_cast<const char*>(uuid->data()), uuid->size()});
}

// As the type uuid prints it: small letters, with dashes.
bool is_printed_uuid(std::string_view uuid) {
  return uuid.size() == 36 && std::none_of(uuid.begin(), uuid.end(), is_upper);
}

// In percent: a few values may dangle, a few rows be another company's.
bool is_most(uint32_t some, uint32_t all) {
  return uint64_t{100} * some >= uint64_t{95} * all;
}

// As files of these formats begin, in hexadecimal digits: PNG, JPEG, GIF, PDF, ZIP, gzip, WebP.
bool begins_like_file(std::string_view digits) {
  static constexpr std::string_view kFiles[] = {"89504e47", "ffd8ff", "47494638", "25504446",
                                                "504b0304", "1f8b08", "52494646"};
  return std::any_of(std::begin(kFiles), std::end(kFiles),
                     [&](std::string_view file) { return digits.starts_with(file); });
}

// Of bytes in hexadecimal digits: of as many as a key or a hash has, hardly any comes twice.
bool are_random_bytes(std::string_view digits) {
  constexpr size_t kShortest = 12, kLongest = 4096, kLooked = 32;  // bytes
  const size_t size = digits.size() / 2;
  if (size < kShortest || size > kLongest || begins_like_file(digits)) return false;
  std::set<std::string_view> different;
  const size_t looked = std::min(size, kLooked);
  for (size_t i = 0; i < looked; ++i) different.insert(digits.substr(2 * i, 2));
  return different.size() * 4 >= looked * 3;
}

bool looks_composed(std::string_view value) {
  return std::any_of(value.begin(), value.end(), is_digit) &&
         value.find_first_of(",;:/| ") != value.npos;
}

}  // namespace

bool looks_generated(std::string_view value) {
  constexpr size_t kLargeNumber = 16, kRandomText = 12, kLongest = 64;
  if (parse_uuid(value)) return true;
  size_t digits = 0, letters = 0, separators = 0;
  for (const char c : value) {
    if (is_digit(c))
      ++digits;
    else if (is_lower(c) || (c >= 'A' && c <= 'Z'))
      ++letters;
    else if (c == '_' || c == '-')
      ++separators;
    else
      return false;
  }
  if (letters == 0 && separators == 0) return digits >= kLargeNumber;
  return value.size() >= kRandomText && value.size() <= kLongest && letters > 0 && digits > 1 &&
         separators < 3;
}

bool looks_random(std::string_view value) {
  constexpr size_t kShortest = 12;
  if (value.starts_with("\\x")) return are_random_bytes(value.substr(2));
  if (value.size() < kShortest || value.find_first_of(" \t\r\n@") != value.npos) return false;
  if (value.find("://") != value.npos || value.starts_with('/')) return false;
  size_t digits = 0, letters = 0;
  for (const char c : value) {
    digits += is_digit(c);
    letters += is_lower(c) || is_upper(c);
  }
  return digits > 1 && letters > 1;
}

uint32_t RowEvidence::rows_without(const std::vector<int16_t>& wanted) const {
  uint32_t count = 0;
  for (const auto& [pattern, times] : patterns) {
    bool has_value = false;
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool is_wanted = std::find(wanted.begin(), wanted.end(), columns[i]) != wanted.end();
      has_value = has_value || (is_wanted && pattern[i] == 'v');
    }
    if (!has_value) count += times;
  }
  return count;
}

bool Evidence::has_crowd(TableIndex table, int16_t column, int16_t when_column) const {
  return std::any_of(crowded.begin(), crowded.end(), [&](const CrowdedColumn& one) {
    return one.table == table && one.column == column && one.when_column == when_column;
  });
}

const ToldKinds* Evidence::told_kinds(TableIndex table, int16_t column) const {
  const auto found = std::find_if(told.begin(), told.end(), [&](const ToldKinds& one) {
    return one.table == table && one.column == column;
  });
  return found == told.end() ? nullptr : &*found;
}

static std::span<const PlaceEvidence> places_of(const std::vector<PlaceEvidence>& places,
                                                TableIndex table, int16_t column) {
  const auto before = [](const PlaceEvidence& evidence, const std::pair<TableIndex, int16_t>& at) {
    return std::pair(evidence.place.table, evidence.place.column) < at;
  };
  const auto first =
      std::lower_bound(places.begin(), places.end(), std::pair(table, column), before);
  auto last = first;
  while (last != places.end() && last->place.table == table && last->place.column == column) ++last;
  return {first, last};
}

std::span<const PlaceEvidence> Evidence::of(TableIndex table, int16_t column) const {
  return places_of(places, table, column);
}

std::span<const PlaceEvidence> Evidence::aside_of(TableIndex table, int16_t column) const {
  return places_of(aside, table, column);
}

const PlaceEvidence* Evidence::find(TableIndex table, int16_t column) const {
  for (const PlaceEvidence& evidence : of(table, column)) {
    const SamplePlace& place = evidence.place;
    if (place.json_path.empty() && place.when_column == 0 && !place.separated) return &evidence;
  }
  return nullptr;
}

const PlaceEvidence* Evidence::find_separated(TableIndex table, int16_t column) const {
  for (const PlaceEvidence& evidence : of(table, column)) {
    if (evidence.place.separated) return &evidence;
  }
  return nullptr;
}

const PlaceEvidence* Evidence::find_aside(TableIndex table, int16_t column, Aside way) const {
  const SamplePlace wanted{.table = table, .column = column, .aside = way};
  const auto found = std::lower_bound(
      aside.begin(), aside.end(), wanted,
      [](const PlaceEvidence& one, const SamplePlace& place) { return one.place < place; });
  return found == aside.end() || found->place != wanted ? nullptr : &*found;
}

uint32_t EvidenceCollector::number_of(const SamplePlace& place) {
  const auto number =
      numbers_.try_emplace(place, static_cast<uint32_t>(places_.size())).first->second;
  if (number == places_.size()) places_.push_back({.place = place});
  return number;
}

void EvidenceCollector::move(const SamplePlace& from, const SamplePlace& to) {
  const auto known = numbers_.find(from);
  if (known == numbers_.end()) return;
  const uint32_t number = known->second;
  numbers_.erase(known);
  Sampled& now = places_[number_of(to)];
  Sampled& old = places_[number];
  now.kept.insert(now.kept.end(), old.kept.begin(), old.kept.end());
  now.below = std::min(now.below, old.below);
  keep_lowest(now);
  old.kept = {};
  old.moved = true;
}

void forget_followers(const Schema& schema, Evidence& evidence) {
  using Place = std::pair<TableIndex, int16_t>;
  std::map<Place, std::vector<Place>> followers;
  for (const ForeignKey& key : schema.foreign_keys) {
    for (size_t i = 0; i < key.columns.size(); ++i)
      followers[{key.target, key.target_columns[i]}].emplace_back(key.table, key.columns[i]);
  }
  const auto forget = [&](PlaceEvidence& evidence_of) {
    const SamplePlace& place = evidence_of.place;
    const auto found = followers.find({place.table, place.column});
    if (found == followers.end() || !place.json_path.empty()) return;
    std::erase_if(evidence_of.matches, [&](const KeyMatch& match) {
      const Place place_of_match(match.table, match.column);
      return std::find(found->second.begin(), found->second.end(), place_of_match) !=
             found->second.end();
    });
  };
  for (PlaceEvidence& place : evidence.places) forget(place);
  for (PlaceEvidence& place : evidence.aside) forget(place);
}

void EvidenceCollector::add_value(const SamplePlace& place, std::string_view value) {
  Sampled& sampled = places_[number_of(place)];
  const std::optional<UuidBytes> uuid = parse_uuid(value);
  const uint64_t hash =
      (hash_of(value, uuid) & ~kLooks) | (looks_generated(value) ? kGenerated : 0) |
      (looks_random(value) ? kRandom : 0) | (looks_composed(value) ? kComposed : 0) |
      (uuid && !is_printed_uuid(value) ? kRespelt : 0);
  if (order_of(hash) >= sampled.below) return;
  if (sampled.kept.size() >= 2 * most_values_) keep_lowest(sampled);
  if (kept_ == kMostInAll) return;
  sampled.kept.push_back(hash);
  ++kept_;
}

void EvidenceCollector::keep_lowest(Sampled& sampled) {
  std::vector<uint64_t>& kept = sampled.kept;
  kept_ -= kept.size();
  std::sort(kept.begin(), kept.end(),
            [](uint64_t a, uint64_t b) { return order_of(a) < order_of(b); });
  size_t count = 0;
  for (const uint64_t hash : kept) {  // a UUID may be spelt in several ways
    if (count > 0 && order_of(kept[count - 1]) == order_of(hash))
      kept[count - 1] |= hash;
    else
      kept[count++] = hash;
  }
  kept.resize(std::min(count, most_values_));
  if (kept.size() == most_values_ && !kept.empty()) sampled.below = order_of(kept.back());
  kept_ += kept.size();
}

void EvidenceCollector::end_places() {
  for (; open_from_ < places_.size(); ++open_from_) {
    keep_lowest(places_[open_from_]);
    places_[open_from_].kept.shrink_to_fit();
  }
}

void EvidenceCollector::sort_values() {
  end_places();
  values_.reserve(kept_);
  for (uint32_t number = 0; number < places_.size(); ++number) {
    for (const uint64_t hash : std::exchange(places_[number].kept, {})) {
      values_.push_back({hash | kLooks, number, (hash & kGenerated) != 0, (hash & kRandom) != 0,
                         (hash & kComposed) != 0, (hash & kRespelt) != 0, 0});
    }
  }
  std::sort(values_.begin(), values_.end(), [](const Value& a, const Value& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.place < b.place;
  });
  first_.assign((size_t{1} << kBucketBits) + 1, 0);
  for (const Value& value : values_) {
    ++first_[(value.hash >> (64 - kBucketBits)) + 1];
    ++places_[value.place].values;
    places_[value.place].generated += value.generated;
    places_[value.place].random += value.random;
    places_[value.place].composed += value.composed;
    places_[value.place].respelt += value.respelt;
  }
  for (size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  sorted_ = true;
}

void EvidenceCollector::begin_key(TableIndex table, int16_t column, bool alone) {
  if (!sorted_) sort_values();
  end_key();
  key_table_ = table;
  key_column_ = column;
  key_alone_ = alone;
  key_respelt_ = false;
  ++key_number_;
}

void EvidenceCollector::add_key(std::string_view value) {
  const std::optional<UuidBytes> uuid = parse_uuid(value);
  const uint64_t hash = hash_of(value, uuid) | kLooks;
  const size_t bucket = hash >> (64 - kBucketBits);
  const auto end = values_.begin() + first_[bucket + 1];
  auto found = std::lower_bound(values_.begin() + first_[bucket], end, hash,
                                [](const Value& at, uint64_t wanted) { return at.hash < wanted; });
  for (; found != end && found->hash == hash; ++found) {
    if (found->key == key_number_) return;  // it repeats
    found->key = key_number_;
    key_respelt_ = key_respelt_ || (uuid && !is_printed_uuid(value));
    if (places_[found->place].matched++ == 0) touched_.push_back(found->place);
  }
}

void EvidenceCollector::end_key() {
  for (uint32_t number : touched_) {
    Sampled& sampled = places_[number];
    sampled.matches.push_back({key_table_, key_column_, sampled.matched, key_alone_, key_respelt_});
    sampled.matched = 0;
  }
  touched_.clear();
}

Evidence EvidenceCollector::finish() {
  if (!sorted_) sort_values();
  end_key();
  Evidence evidence;
  for (Sampled& sampled : places_) {
    if (sampled.moved) continue;
    std::stable_sort(sampled.matches.begin(), sampled.matches.end(),
                     [](const KeyMatch& a, const KeyMatch& b) { return a.values > b.values; });
    if (sampled.matches.size() > kMostMatches) sampled.matches.resize(kMostMatches);
    auto& places = sampled.place.aside == Aside::kNo ? evidence.places : evidence.aside;
    places.push_back({std::move(sampled.place), sampled.values, sampled.generated, sampled.random,
                      sampled.composed, sampled.respelt, std::move(sampled.matches)});
  }
  for (auto* places : {&evidence.places, &evidence.aside}) {
    std::sort(places->begin(), places->end(),
              [](const PlaceEvidence& a, const PlaceEvidence& b) { return a.place < b.place; });
  }
  return evidence;
}

bool are_keys(const PlaceEvidence& place, const KeyMatch& match) {
  return is_most(match.values, place.values);
}

Belonging belonging_of(const SameCompany& same) {
  constexpr uint32_t kFewest = 5;  // rows that say something
  // One company's numbers are its own by chance.
  const bool tells = same.further_rows >= kFewestFurther;
  if (same.rows < kFewest) return Belonging::kUnknown;
  if (same.same * 2 < same.rows || (tells && same.further_same * 2 < same.further_rows))
    return Belonging::kOther;
  if (!is_most(same.same, same.rows)) return Belonging::kMixed;
  if (!tells) return Belonging::kUnknown;
  return is_most(same.further_same, same.further_rows) ? Belonging::kSame : Belonging::kMixed;
}

bool is_contradicted(const SameCompany& same) {
  return !is_most(same.same, same.rows) || !is_most(same.further_same, same.further_rows);
}

}  // namespace company_backup
