#include "pg/rows/sequences.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "core/text/quoting.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

// Up to here nextval() is called step by step, which other sessions may do at the same time; a
// wider gap is jumped by setval(), which nobody can overtake in between.
constexpr int64_t kMaxSteps = 1'000'000;
constexpr int64_t kStepsPerGuard = 10'000;

// Of the range of a sequence, this part stays for others.
constexpr uint64_t kReservedPart = 10;

constexpr const char* kSequences = R"(
SELECT f.attnum, s.seqrelid, s.seqincrement,
  greatest(s.seqmin, CASE t.typsend WHEN 'int2send'::regproc THEN -32768
    WHEN 'int4send'::regproc THEN -2147483648 ELSE s.seqmin END),
  least(s.seqmax, CASE t.typsend WHEN 'int2send'::regproc THEN 32767
    WHEN 'int4send'::regproc THEN 2147483647 ELSE s.seqmax END),
  bool_or(f.owned) OR has_sequence_privilege(c.relowner, s.seqrelid, 'UPDATE'),
  bool_or(f.owned) OR has_sequence_privilege(c.relowner, s.seqrelid, 'USAGE, UPDATE')
FROM (SELECT d.refobjsubid, d.objid, true FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = $1 AND d.deptype = 'i'
      UNION ALL
      SELECT a.adnum, d.refobjid, EXISTS (SELECT FROM pg_depend o
        WHERE o.classid = 'pg_class'::regclass AND o.objid = d.refobjid AND o.deptype = 'a'
          AND o.refclassid = 'pg_class'::regclass AND o.refobjid = $1 AND o.refobjsubid = a.adnum)
      FROM pg_attrdef a JOIN pg_depend d
        ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
           AND d.refclassid = 'pg_class'::regclass
      WHERE a.adrelid = $1) f(attnum, sequence, owned)
  JOIN pg_sequence s ON s.seqrelid = f.sequence
  JOIN pg_class c ON c.oid = $1
  JOIN pg_attribute a ON a.attrelid = $1 AND a.attnum = f.attnum
  JOIN pg_type t ON t.oid = a.atttypid
GROUP BY f.attnum, s.seqrelid, s.seqincrement, s.seqmin, s.seqmax, t.typsend, c.relowner
ORDER BY 1, 2)";

// Is `a` further in the sequence's direction than `b`?
bool beyond(const ColumnSequence& sequence, int64_t a, int64_t b) {
  return sequence.increment > 0 ? a > b : a < b;
}

// Between two values. Unsigned: an increment may be as wide as all of bigint.
uint64_t width_of(const ColumnSequence& sequence) {
  const uint64_t increment = static_cast<uint64_t>(sequence.increment);
  return sequence.increment > 0 ? increment : uint64_t{0} - increment;
}

std::string name_of(Oid sequence) {
  return one_value(query("SELECT $1::regclass", {Arg::datum(OIDOID, ObjectIdGetDatum(sequence))}));
}

int64_t end_of(const ColumnSequence& sequence) {
  return sequence.increment > 0 ? sequence.maximum : sequence.minimum;
}

// How many values stand between two, of which `to` is the further one.
uint64_t values_between(const ColumnSequence& sequence, int64_t from, int64_t to) {
  // Unsigned: the gap may be as wide as all of bigint.
  const uint64_t gap = sequence.increment > 0
                           ? static_cast<uint64_t>(to) - static_cast<uint64_t>(from)
                           : static_cast<uint64_t>(from) - static_cast<uint64_t>(to);
  return gap / width_of(sequence);
}

// The value `count` values before (in the sequence's direction) another one.
int64_t before(const ColumnSequence& sequence, int64_t value, uint64_t count) {
  const uint64_t gap = count * width_of(sequence), from = static_cast<uint64_t>(value);
  return static_cast<int64_t>(sequence.increment > 0 ? from - gap : from + gap);
}

[[noreturn]] void refuse_new_values(const ColumnSequence& sequence) {
  throw Error(sqlstate::kIntegrity, "sequence " + quoted_display(name_of(sequence.sequence)) +
                                        " does not have enough values left")
      .detail("It ends at " + std::to_string(end_of(sequence)) + ".");
}

[[noreturn]] void refuse(const ColumnSequence& sequence, int64_t allowed) {
  const std::string name = name_of(sequence.sequence);
  throw Error(sqlstate::kIntegrity, "sequence " + quoted_display(name) +
                                        " would have too few values left for others, or none")
      .detail("Value " + std::to_string(sequence.furthest) +
              " was loaded into a column it feeds; it may be moved to " + std::to_string(allowed) +
              " at most, and ends at " + std::to_string(end_of(sequence)) + ".")
      .hint(
          "Load the rows with new IDs (ids => 'remap'). Or end the sequence before such values, so "
          "that it need not be moved past them: ALTER SEQUENCE " +
          name + (sequence.increment > 0 ? " MAXVALUE " : " MINVALUE ") + std::to_string(allowed) +
          ".");
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

int64_t furthest_allowed(const ColumnSequence& sequence, const Position& position) {
  const int64_t end = end_of(sequence);
  const int64_t start = sequence.increment > 0 ? sequence.minimum : sequence.maximum;
  const int64_t allowed =
      before(sequence, end, values_between(sequence, start, end) / kReservedPart);
  if (!beyond(sequence, end, position.value)) return end;
  const uint64_t left = values_between(sequence, position.value, end);
  const int64_t near = before(sequence, end, left - left / kReservedPart);
  return beyond(sequence, near, allowed) ? near : allowed;
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
        [&sequence](const CaughtError&) { refuse_new_values(sequence); });
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

// Would moving it leave others too little?
bool goes_too_far(const ColumnSequence& sequence, const Position& position, int64_t allowed) {
  if (is_passed(sequence, position)) return false;
  return sequence.furthest == end_of(sequence) || beyond(sequence, sequence.furthest, allowed);
}

void warn_unmoved(const ColumnSequence& sequence) {
  const std::string name = name_of(sequence.sequence);
  const std::string value = std::to_string(sequence.furthest);
  guarded([&] {
    ereport(WARNING, (errmsg("sequence \"%s\" is not moved past %s, which was loaded into a column "
                             "it feeds",
                             to_server_with_marks(name.c_str()), value.c_str()),
                      errdetail("It is not the column's own, and the owner of the table may not "
                                "move it."),
                      errhint("Grant that owner UPDATE on the sequence, or let the column own it: "
                              "ALTER SEQUENCE ... OWNED BY.")));
  });
}

// What must be moved, and may be; `refuses`: kIntegrity for what would go too far, which is left
// out else. Nothing is moved yet.
std::vector<ColumnSequence> to_be_moved(const std::vector<ColumnSequence>& sequences,
                                        bool refuses) {
  std::vector<ColumnSequence> moved;
  for (const ColumnSequence& sequence : sequences) {
    if (!sequence.seen) continue;
    const AsOwnerOf owner(sequence.sequence);
    const Position position = position_of(sequence.sequence);
    if (is_passed(sequence, position)) continue;
    if (!sequence.may_move) {
      warn_unmoved(sequence);
      continue;
    }
    const int64_t allowed = furthest_allowed(sequence, position);
    if (!goes_too_far(sequence, position, allowed)) {
      moved.push_back(sequence);
    } else if (refuses) {
      refuse(sequence, allowed);
    }
  }
  return moved;
}

// The lock is held only from reading the sequence to moving it, not until the transaction ends: it
// keeps other restores from setting the sequence back in between. nextval() does not take it; calls
// of it meanwhile do no harm, see kMaxSteps.
void advance(const ColumnSequence& sequence) {
  const Oid oid = sequence.sequence;
  const AsOwnerOf owner(oid);
  guarded([oid] { LockDatabaseObject(RelationRelationId, oid, 1, ExclusiveLock); });
  const Position position = position_of(oid);
  if (!is_passed(sequence, position)) {
    const bool near = values_between(sequence, position.value, sequence.furthest) <
                      static_cast<uint64_t>(kMaxSteps);
    if (!near || !step(sequence)) jump(sequence);
  }
  guarded([oid] { UnlockDatabaseObject(RelationRelationId, oid, 1, ExclusiveLock); });
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
    sequence.sequence = oid_of(row[1]);
    sequence.increment = std::stoll(*row[2]);
    sequence.minimum = std::stoll(*row[3]);
    sequence.maximum = std::stoll(*row[4]);
    sequence.may_move = *row[5] == "t";
    sequence.may_take = *row[6] == "t";
    sequences.push_back(sequence);
  }
  return sequences;
}

int64_t furthest_allowed(const ColumnSequence& sequence) {
  const AsOwnerOf owner(sequence.sequence);
  return furthest_allowed(sequence, position_of(sequence.sequence));
}

uint64_t values_left(const ColumnSequence& sequence) {
  const AsOwnerOf owner(sequence.sequence);
  Position position = position_of(sequence.sequence);
  if (sequence.seen && !beyond(sequence, position.value, sequence.furthest)) {
    position = {sequence.furthest, true};
  }
  const int64_t end = sequence.taken ? before(sequence, *sequence.taken, 1) : end_of(sequence);
  if (beyond(sequence, position.value, end)) return 0;  // a column's type may be narrower
  return values_between(sequence, position.value, end) + (position.called ? 0 : 1);
}

void take_values(const ColumnSequence& sequence, uint64_t count,
                 const std::function<void(int64_t value)>& use) {
  if (!sequence.may_take) {
    throw Error(sqlstate::kInsufficientPrivilege,
                "permission denied for sequence " + name_of(sequence.sequence))
        .detail("It feeds a column of a table whose owner may not use it.")
        .hint("Grant that owner USAGE on the sequence.");
  }
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

void advance_sequences(const std::vector<ColumnSequence>& sequences) {
  for (const ColumnSequence& sequence : to_be_moved(sequences, true)) advance(sequence);
}

void advance_sequences_back(const std::vector<ColumnSequence>& sequences) {
  for (const ColumnSequence& sequence : to_be_moved(sequences, false)) advance(sequence);
}

}  // namespace company_backup
