// Which keys of a company's rows keep their values when the rows come into another company, and
// which get new ones: decided over the whole graph of unique indexes and references, before
// anything is written.
//
// A key needs new values only where two companies cannot hold the same ones. It can keep them if
// the company is part of it, directly or by a reference to a row that gets new values itself.
// Otherwise one of its columns is renewed, where that column's values come from (see
// ColumnRoots::origins()), and all references follow. Values that are not made by a generator mean
// something: they are never replaced, but refused if somebody else has them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/scope/column_roots.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// How new values of a column are made.
enum class IdKind {
  kNone,      // its values mean something
  kSequence,  // the next values of the sequence that feeds it
  kInteger,   // after the greatest there is
  kUuid,      // of the same version, time kept
  kText,      // of the same shape (a ULID, nanoid, cuid, uuid, prefix)
  kDefault,   // by the column's default, which is volatile
  kRule,      // by the expression of its column rule
};

// What the plan has to know of the data.
class IdFacts {
 public:
  virtual ~IdFacts() = default;

  struct ColumnFacts {
    bool loaded = true;  // it comes from the archive; else its default counts
    bool stays = false;  // ... as it is: the company's identity moves with it
    bool has_sequence = false;
    bool volatile_default = false;
    bool generated_shape = false;  // text: all its values in the archive have the shape of one kind
    uint64_t left = UINT64_MAX;    // integers: how many more numbers there are
    uint32_t sequence = 0;         // which: several columns may be fed by one
  };
  virtual ColumnFacts of(const ColumnRoot& column) = 0;
  // How many rows the archive has.
  virtual uint64_t rows(TableIndex table) = 0;
  // The column rule that gives new values: kRenew or kGroup; none also if the column does not come
  // from the archive.
  virtual std::optional<ColumnTreatment> rule_of(const ColumnRoot&) { return {}; }
  // A column whose values tell rows of the copy apart from all others, as far as they come from
  // `origin`. One that refers to nobody's row, or to another company's, stays and tells nothing.
  struct Discriminator {
    int16_t column = 0;
    ColumnRoot origin;        // a column that is renewed, or one of the company table
    int16_t when_column = 0;  // only where this one has the text `when_value`; 0: always
    std::string when_value{};
  };
  // Do rows here that are not the target company's hold values of the archive's rows, or, of an
  // exclusion constraint, values that exclude them? Rows that one of `discriminators` tells apart
  // do not count.
  virtual bool is_taken(TableIndex table, const UniqueIndex& index,
                        const std::vector<Discriminator>& discriminators) = 0;
};

struct IdDecision {
  enum class Kind { kKept, kRenewed, kRefused };
  TableIndex table;
  const UniqueIndex* index;
  Kind kind;
  std::string why;
  std::string hint{};  // of a refusal: what would settle it
};

struct IdPlan {
  struct Renewed {
    IdKind kind;
    bool referred_to;  // values of other columns follow
  };
  std::map<ColumnRoot, Renewed> renewed;
  std::vector<IdDecision> decisions;  // by table and index name; no index of the company table
  bool keeps_keys = false;            // only groups get new numbers, see plan_groups()

  bool refused() const;
};

const char* to_text(IdDecision::Kind kind);

// For messages: where new values come from. Empty for kNone.
std::string way_of(IdKind kind);

// What lets copies of rows have other values in a unique index: statements. `makes_values`: does
// the default of a column give another value each time?
std::string hint_for_key(const Schema& schema, const ColumnRoots& roots, TableIndex table,
                         const UniqueIndex& index,
                         const std::function<bool(int16_t column)>& makes_values);

// All references must outlive the plan.
IdPlan plan_ids(const Schema& schema, const Scope& scope, const ColumnRoots& roots, IdFacts& facts);

// All keys stay: only these columns, of groups, get new numbers. It decides nothing else.
IdPlan plan_groups(const Schema& schema, const Scope& scope, const ColumnRoots& roots,
                   IdFacts& facts, const std::vector<ColumnRoot>& columns);

}  // namespace company_backup
