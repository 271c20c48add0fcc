#include "pg/check/reference_sets.hpp"

#include <charconv>

// The library's namespace differs between its versions.
#include <roaring/roaring64map.hh>
namespace roaring {}
using namespace roaring;

namespace company_backup {
namespace {

constexpr size_t kMaxSetBytes = size_t{8} << 20;
constexpr uint32_t kAddsBetweenLooks = 1 << 16;

bool eligible(const LiveScope& live, const Reference& reference) {
  if (reference.columns.size() != 1 || !reference.json_path.empty() ||
      !reference.when_column.empty()) {
    return false;
  }
  const ScopedTable* target = live.scope.find(reference.target);
  if (target == nullptr || !target->travels()) return false;
  const Column& from = column_of(live.table(reference.table), reference.columns[0]);
  const Column& to = column_of(live.table(reference.target), reference.target_columns[0]);
  return from.family == TypeFamily::kInteger && to.family == TypeFamily::kInteger;
}

// A column's integer in a line, 12 or "12"; nothing for null.
std::optional<int64_t> integer_at(const Span& span, const std::string& buffer) {
  const char* begin = buffer.data() + span.begin;
  const char* end = buffer.data() + span.end;
  if (*begin == '"') ++begin;
  int64_t value;
  if (std::from_chars(begin, end, value).ec != std::errc()) return std::nullopt;
  return value;
}

}  // namespace

struct BoundedIntegerSet::Members {
  Roaring64Map values;
};

BoundedIntegerSet::BoundedIntegerSet() : set_(std::make_unique<Members>()) {}
BoundedIntegerSet::~BoundedIntegerSet() = default;

void BoundedIntegerSet::add(int64_t value) {
  if (gave_up_) return;
  set_->values.add(static_cast<uint64_t>(value));
  if (++added_ % kAddsBetweenLooks != 0 || set_->values.getSizeInBytes() < kMaxSetBytes) return;
  gave_up_ = true;
  set_.reset();
}

bool BoundedIntegerSet::contains_all_of(const BoundedIntegerSet& other) const {
  return !gave_up_ && !other.gave_up_ && other.set_->values.isSubset(set_->values);
}

ReferenceSets::ReferenceSets(const LiveScope& live) : live_(live) {
  for (const Reference& reference : live.scope.references) {
    if (!eligible(live, reference)) continue;
    keys_.try_emplace({reference.target, reference.target_columns[0]});
    references_.try_emplace(&reference);
  }
}

LineObserver ReferenceSets::observe(const TravellingTable& table) {
  struct Feed {
    size_t position;
    BoundedIntegerSet* set;
  };
  std::vector<Feed> feeds;
  const auto feed = [&](int16_t number, BoundedIntegerSet& set) {
    for (size_t i = 0; i < table.query.columns.size(); ++i) {
      if (table.query.columns[i].number == number) feeds.push_back({i, &set});
    }
  };
  for (auto& [target, set] : keys_) {
    if (target.first == table.scoped->table) feed(target.second, set);
  }
  for (auto& [reference, set] : references_) {
    if (reference->table == table.scoped->table) feed(reference->columns[0], set);
  }
  if (feeds.empty()) return {};
  return [feeds](const std::vector<Span>& spans, const std::string& buffer) {
    for (const Feed& next : feeds) {
      if (const auto value = integer_at(spans[next.position], buffer)) next.set->add(*value);
    }
  };
}

bool ReferenceSets::proves(const Reference& reference) const {
  const auto referred = references_.find(&reference);
  if (referred == references_.end()) return false;
  // A column that does not travel fed nothing: that proves nothing.
  const Table& table = live_.table(reference.table);
  const std::optional<ColumnTreatment> treatment =
      column_treatment(live_.rules, table, column_of(table, reference.columns[0]).name);
  if (treatment == ColumnTreatment::kSecret || treatment == ColumnTreatment::kFile) return false;
  const auto keys = keys_.find({reference.target, reference.target_columns[0]});
  return keys->second.contains_all_of(referred->second);
}

}  // namespace company_backup
