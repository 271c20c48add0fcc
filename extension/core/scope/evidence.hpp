// What the rows say of columns that no foreign key explains: of which tables their values are keys.
// Names suggest, values prove. Filled by EvidenceCollector from a sample of the values and from all
// keys; core/scope/judgement.hpp says what it means. And which companies use a row that nothing
// leads from to one (row_uses.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/scope/column_pairs.hpp"
#include "core/scope/schema.hpp"

namespace company_backup {

// Values that are taken apart from the others of their column, and say less: none of them decides
// what the column is.
enum class Aside : uint8_t {
  kNo,
  kWhole,   // all values, whatever they look like
  kInside,  // the UUIDs that stand in longer texts
};

// Where values stand: in a column, in the elements of an array, at a path of a document, or between
// what separates them in a text; if when_column is not 0, only in rows that have this text there.
struct SamplePlace {
  TableIndex table = kNoTable;
  int16_t column = 0;
  std::string json_path = {};
  int16_t when_column = 0;
  std::string when_value = {};
  bool separated = false;
  Aside aside = Aside::kNo;
  auto operator<=>(const SamplePlace&) const = default;
};

// Of rows that lead to a row of a company, how many lead to one of their own company; and the same
// of rows of all companies but the one that has the most. Whose own company is not known is not
// counted among these.
struct SameCompany {
  uint32_t rows = 0, same = 0;
  uint32_t further_rows = 0, further_same = 0;
  bool only_one = false;  // there are several companies, and all rows lead to rows of one of them
};

// So many of the values are in this column, which is a key, or part of one.
struct KeyMatch {
  TableIndex table = kNoTable;
  int16_t column = 0;
  uint32_t values = 0;
  bool alone = true;     // it is the whole key: can be referred to
  bool respelt = false;  // UUIDs in it are not spelt as PostgreSQL does
  SameCompany companies = {};
};

struct PlaceEvidence {
  SamplePlace place;
  uint32_t values = 0;     // different ones that were looked up
  uint32_t generated = 0;  // of these: that look generated, and are the same nowhere by chance
  uint32_t random = 0;     // that look like passwords, hashes or tokens
  uint32_t composed = 0;   // that look like several values, or paths: 3,7 or gid://app/Item/7
  uint32_t respelt = 0;    // UUIDs that are not spelt as PostgreSQL does
  std::vector<KeyMatch> matches = {};  // most values first
};

// Are the values, but for a few that may dangle, all among these keys?
bool are_keys(const PlaceEvidence& place, const KeyMatch& match);

enum class Belonging {
  kUnknown,  // nobody knows, or only of one company
  kSame,     // the rows are of the same company
  kMixed,    // most are
  kOther,    // they are of any company
};
Belonging belonging_of(const SameCompany& same);

// Rows of other companies than the largest one: so many say something.
inline constexpr uint32_t kFewestFurther = 5;

// Does what little is known speak against it?
bool is_contradicted(const SameCompany& same);

struct UnreadTable {
  TableIndex table = kNoTable;
  std::string why;
  int16_t column = 0;  // 0: none of its rows; else values of this column only
};

// More different paths, or kinds, than are looked at one by one.
struct CrowdedColumn {
  TableIndex table = kNoTable;
  int16_t column = 0;
  int16_t when_column = 0;  // not 0: kinds, else paths
  size_t count = 0;
  bool counted_all = true;               // false: there are more
  bool left_out = false;                 // some were not looked at
  std::vector<std::string> folded = {};  // objects whose members were looked at together
};

// Columns that together are named like a composite key, and how many of their values are keys.
struct PairEvidence {
  ColumnPair pair;
  uint32_t values = 0;
  uint32_t matched = 0;
};

// The columns that tell of which table a value of this one is the key, alike if there are several.
struct ToldKinds {
  TableIndex table = kNoTable;
  int16_t column = 0;
  std::vector<int16_t> by = {};
};

// Which columns of a row are NULL together, and by which of its references it is another company's
// than by others.
struct RowEvidence {
  uint32_t rows = 0;
  std::vector<int16_t> columns;              // that may be NULL
  std::map<std::string, uint32_t> patterns;  // of these: 'n' NULL, 'v' a value; and how many rows
  std::set<std::pair<int16_t, int16_t>> conflicts;  // columns whose rows are of two companies
  std::set<std::pair<int16_t, int16_t>> compared;   // that were seen to lead to companies at once

  // Rows of which all these columns are NULL. Of other columns it is not known: they count as NULL.
  uint32_t rows_without(const std::vector<int16_t>& wanted) const;
};

// Of a text column that could be made of IDs.
struct PathEvidence {
  uint32_t rows = 0;      // whose text has letters or digits
  uint32_t paths = 0;     // of these: made of IDs, as the own key of the table is
  uint32_t deep = 0;      // of these: with more than one, or with something beside it
  uint32_t agreeing = 0;  // of these: the last ID is the row's own, or its parent's
  uint32_t chained = 0;   // of these: what stands before it is the text of the row above
};

// Which rows of a table that no way leads from to a company are used by which companies: by rows
// that refer to them and whose own company is sure.
struct UseEvidence {
  uint32_t used_rows = 0;
  uint32_t shared_rows = 0;  // of these: used by several companies
  uint32_t again_rows = 0;   // of these: used more than once
  uint32_t companies = 0;    // that use any
  // How many times a row that one company uses would have been seen with another one, if all rows
  // were for all of them: by its further uses, and by all that is used of the table.
  double expected = 0;
};

struct Evidence {
  std::vector<PlaceEvidence> places;  // sorted by place
  std::vector<PlaceEvidence> aside;   // likewise: those of the places that are taken so
  std::map<TableIndex, RowEvidence> tables;
  std::map<std::pair<TableIndex, int16_t>, PathEvidence> paths;  // by table and column
  std::vector<UnreadTable> unread;                               // what could not be looked at
  bool has_rows = false;                                         // there were any
  // By table and column: of how many rows the value was read; no entry: it was NULL in all of them.
  std::map<std::pair<TableIndex, int16_t>, uint32_t> rows;
  bool all_keys = true;  // false: values may be keys that were not looked at
  std::vector<CrowdedColumn> crowded;
  std::vector<PairEvidence> pairs;  // by table
  std::map<TableIndex, UseEvidence> uses;
  std::vector<ToldKinds> told;  // found by the values

  // Has the column so many kinds that not each of them was looked at?
  bool has_crowd(TableIndex table, int16_t column, int16_t when_column) const;
  // Null: nothing tells of which tables its values are keys.
  const ToldKinds* told_kinds(TableIndex table, int16_t column) const;
  // What is known of all places in a column.
  std::span<const PlaceEvidence> of(TableIndex table, int16_t column) const;
  // Of the column as a whole; null: nothing.
  const PlaceEvidence* find(TableIndex table, int16_t column) const;
  // Of the IDs between its separators; null: nothing.
  const PlaceEvidence* find_separated(TableIndex table, int16_t column) const;
  // What is taken aside of all places in a column.
  std::span<const PlaceEvidence> aside_of(TableIndex table, int16_t column) const;
  // Of what is taken aside; null: nothing.
  const PlaceEvidence* find_aside(TableIndex table, int16_t column, Aside aside) const;
};

// Keys that follow a column by a foreign key have its values: that says nothing of the column.
void forget_followers(const Schema& schema, Evidence& evidence);

// Is a value of this form not met twice by chance? UUIDs, long random texts, large numbers.
bool looks_generated(std::string_view value);

// Does it look like a password, a hash or a token: long, of letters and digits without spaces, and
// no address? Of bytes, as they are printed (\x1f8b): do these come in no order, and are they no
// file of a common format, which is packed?
bool looks_random(std::string_view value);

// First add_value() for the sample, then for each key begin_key() and add_key(). Keeps hashes of
// values only: of a place `most_values` different ones, wherever in the sample they come, always
// the same; and kMostInAll, what is beyond is as if it were not there.
class EvidenceCollector {
 public:
  static constexpr size_t kMostInAll = 1'500'000;  // values: 24 MB

  explicit EvidenceCollector(size_t most_values) : most_values_(most_values) {}

  // A UUID is the same key however it is spelt.
  void add_value(const SamplePlace& place, std::string_view value);
  // To be called now and then: no more values come for the places so far.
  void end_places();
  size_t places() const { return places_.size(); }
  bool knows(const SamplePlace& place) const { return numbers_.contains(place); }
  // What was added at one place counts at the other.
  void move(const SamplePlace& from, const SamplePlace& to);

  // Each column once. `alone`: it is unique.
  void begin_key(TableIndex table, int16_t column, bool alone = true);
  void add_key(std::string_view value);

  // With what the caller knows of `unread` and the like left empty.
  Evidence finish();

 private:
  struct Sampled {
    SamplePlace place = {};
    // Hashes, in whose lowest bits stands what the value looks like. Kept are those that are lowest
    // by order_of().
    std::vector<uint64_t> kept = {};
    uint64_t below = UINT64_MAX;  // by order_of(): what is not is not kept
    bool moved = false;           // to another place
    uint32_t values = 0, generated = 0, random = 0, composed = 0, respelt = 0, matched = 0;
    std::vector<KeyMatch> matches = {};
  };
  struct Value {
    uint64_t hash;
    uint32_t place : 28;
    uint32_t generated : 1;
    uint32_t random : 1;
    uint32_t composed : 1;
    uint32_t respelt : 1;
    uint32_t key;  // the number of the last key that had it
  };

  uint32_t number_of(const SamplePlace& place);
  void keep_lowest(Sampled& sampled);
  void sort_values();
  void end_key();

  size_t most_values_;
  size_t kept_ = 0;       // of all places
  size_t open_from_ = 0;  // the first place that end_places() has not seen
  std::map<SamplePlace, uint32_t> numbers_;
  std::vector<Sampled> places_;
  std::vector<Value> values_;
  std::vector<uint32_t> first_;  // by the upper bits of the hash: where its values begin
  std::vector<uint32_t> touched_;
  bool sorted_ = false;
  TableIndex key_table_ = kNoTable;
  int16_t key_column_ = 0;
  bool key_alone_ = true, key_respelt_ = false;
  uint32_t key_number_ = 0;
};

}  // namespace company_backup
