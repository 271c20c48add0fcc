#include "pg/sequences.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "pg/owner.hpp"
#include "pg/spi.hpp"

namespace company_backup {
namespace {

// Up to here nextval() is called step by step, which other sessions may do at the same time; a
// wider gap is jumped by setval(), which nobody can overtake in between.
constexpr int64_t kMaxSteps = 1'000'000;
constexpr int64_t kStepsPerGuard = 10'000;

constexpr const char* kSequences = R"(
SELECT DISTINCT f.attnum, s.seqrelid, s.seqincrement, s.seqmin, s.seqmax
FROM (SELECT d.refobjsubid, d.objid FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = $1 AND d.deptype = 'i'
      UNION ALL
      SELECT a.adnum, d.refobjid FROM pg_attrdef a JOIN pg_depend d
        ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
           AND d.refclassid = 'pg_class'::regclass
      WHERE a.adrelid = $1) f(attnum, sequence)
  JOIN pg_sequence s ON s.seqrelid = f.sequence
ORDER BY 1, 2)";

// Of the further of two values in the sequence's direction.
bool beyond(const ColumnSequence& sequence, int64_t a, int64_t b) {
  return sequence.increment > 0 ? a > b : a < b;
}

// Between two values. Unsigned: an increment may be as wide as all of bigint.
uint64_t width_of(const ColumnSequence& sequence) {
  const uint64_t increment = static_cast<uint64_t>(sequence.increment);
  return sequence.increment > 0 ? increment : uint64_t{0} - increment;
}

std::string name_of(Oid sequence) {
  return *query("SELECT $1::regclass", {Arg::datum(OIDOID, ObjectIdGetDatum(sequence))})[0][0];
}

[[noreturn]] void refuse_new_values(const ColumnSequence& sequence) {
  throw Error(sqlstate::kIntegrity,
              "sequence \"" + name_of(sequence.sequence) + "\" has not enough values left")
      .detail("It ends at " +
              std::to_string(sequence.increment > 0 ? sequence.maximum : sequence.minimum) + ".");
}

[[noreturn]] void refuse(const ColumnSequence& sequence) {
  throw Error(sqlstate::kIntegrity,
              "sequence \"" + name_of(sequence.sequence) + "\" would have no value left")
      .detail("Value " + std::to_string(sequence.furthest) +
              " was loaded into a column it feeds; the sequence ends at " +
              std::to_string(sequence.increment > 0 ? sequence.maximum : sequence.minimum) + ".");
}

// The last value the sequence gave, or the one before its first.
struct Position {
  int64_t value;
  bool called;
};

Position position_of(Oid sequence) {
  const Rows rows =
      query("SELECT last_value, is_called FROM " + name_of(sequence), {}, Access::kWrite);
  return {std::stoll(*rows[0][0]), *rows[0][1] == "t"};
}

// False if `furthest` was not reached after kMaxSteps and one more.
bool step(const ColumnSequence& sequence) {
  for (int64_t steps = 0; steps <= kMaxSteps; steps += kStepsPerGuard) {
    const bool reached = guarded_or(
        [&sequence] {
          for (int64_t i = 0; i < kStepsPerGuard; ++i) {
            const int64_t value = nextval_internal(sequence.sequence, false);
            if (!beyond(sequence, sequence.furthest, value)) return true;
          }
          CHECK_FOR_INTERRUPTS();
          return false;
        },
        [&sequence](const CaughtError&) { refuse(sequence); });
    if (reached) return true;
  }
  return false;
}

void jump(const ColumnSequence& sequence) {
  guarded([&sequence] {
    DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence.sequence),
                        Int64GetDatum(sequence.furthest));
  });
}

bool is_passed(const ColumnSequence& sequence, const Position& position) {
  if (beyond(sequence, sequence.furthest, position.value)) return false;
  // Not called yet: its next value is last_value itself.
  return position.called || position.value != sequence.furthest;
}

void advance(const ColumnSequence& sequence) {
  const Oid oid = sequence.sequence;
  const AsOwnerOf owner(oid);
  // Sequences only advance: whoever has nothing to do need not wait for the lock.
  if (is_passed(sequence, position_of(oid))) return;
  guarded([oid] { LockDatabaseObject(RelationRelationId, oid, 1, ExclusiveLock); });
  const Position position = position_of(oid);
  if (is_passed(sequence, position)) return;
  if (sequence.furthest == (sequence.increment > 0 ? sequence.maximum : sequence.minimum)) {
    refuse(sequence);
  }
  // Unsigned: the gap may be as wide as all of bigint.
  const uint64_t gap =
      sequence.increment > 0
          ? static_cast<uint64_t>(sequence.furthest) - static_cast<uint64_t>(position.value)
          : static_cast<uint64_t>(position.value) - static_cast<uint64_t>(sequence.furthest);
  if (gap / width_of(sequence) < static_cast<uint64_t>(kMaxSteps) && step(sequence)) return;
  jump(sequence);
}

}  // namespace

void ColumnSequence::see(std::string_view text) {
  int64_t value;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value < minimum || value > maximum) return;
  if (!seen || beyond(*this, value, furthest)) furthest = value;
  seen = true;
}

std::vector<ColumnSequence> sequences_of(Oid table) {
  std::vector<ColumnSequence> sequences;
  for (const Row& row : query(kSequences, {Arg::datum(OIDOID, ObjectIdGetDatum(table))})) {
    ColumnSequence sequence{};
    sequence.column = static_cast<int16_t>(std::stoi(*row[0]));
    sequence.sequence = static_cast<Oid>(std::stoul(*row[1]));
    sequence.increment = std::stoll(*row[2]);
    sequence.minimum = std::stoll(*row[3]);
    sequence.maximum = std::stoll(*row[4]);
    sequences.push_back(sequence);
  }
  return sequences;
}

uint64_t values_left(const ColumnSequence& sequence) {
  const AsOwnerOf owner(sequence.sequence);
  Position position = position_of(sequence.sequence);
  if (sequence.seen && !beyond(sequence, position.value, sequence.furthest)) {
    position = {sequence.furthest, true};
  }
  const int64_t end = sequence.increment > 0 ? sequence.maximum : sequence.minimum;
  if (beyond(sequence, position.value, end)) return 0;  // a column's type may be narrower
  const uint64_t gap = sequence.increment > 0
                           ? static_cast<uint64_t>(end) - static_cast<uint64_t>(position.value)
                           : static_cast<uint64_t>(position.value) - static_cast<uint64_t>(end);
  return gap / width_of(sequence) + (position.called ? 0 : 1);
}

void take_values(const ColumnSequence& sequence, uint64_t count,
                 const std::function<void(int64_t value)>& use) {
  const AsOwnerOf owner(sequence.sequence);
  std::vector<int64_t> values(std::min<uint64_t>(count, kStepsPerGuard));
  std::optional<int64_t> last;
  while (count > 0) {
    const size_t wanted = std::min<uint64_t>(count, values.size());
    guarded_or(
        [&] {
          for (size_t i = 0; i < wanted; ++i) {
            values[i] = nextval_internal(sequence.sequence, false);
          }
          CHECK_FOR_INTERRUPTS();
        },
        [&](const CaughtError&) { refuse_new_values(sequence); });
    for (size_t i = 0; i < wanted; ++i) {
      if (last && !beyond(sequence, values[i], *last)) refuse_new_values(sequence);  // CYCLE
      use(*(last = values[i]));
    }
    count -= wanted;
  }
}

void advance_sequences(std::vector<ColumnSequence> sequences) {
  // Always in the same order, so that two restores cannot wait for each other.
  std::sort(
      sequences.begin(), sequences.end(),
      [](const ColumnSequence& a, const ColumnSequence& b) { return a.sequence < b.sequence; });
  for (const ColumnSequence& sequence : sequences) {
    if (sequence.seen) advance(sequence);
  }
}

}  // namespace company_backup
