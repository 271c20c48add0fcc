// Proves references while the rows are read: a reference between integer columns stays inside the
// company if every value it holds is a value of a row that travels. Sets of integers (Roaring
// bitmaps) answer that without a join per foreign key; what they cannot prove is asked in SQL.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "pg/rows/table_plan.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// A set of integers in bounded memory: gives up, and says so, when it would grow too large.
class BoundedIntegerSet {
 public:
  BoundedIntegerSet();
  ~BoundedIntegerSet();
  void add(int64_t value);
  bool gave_up() const { return gave_up_; }
  bool contains_all_of(const BoundedIntegerSet& other) const;

 private:
  struct Members;
  std::unique_ptr<Members> set_;
  uint32_t added_ = 0;
  bool gave_up_ = false;
};

class ReferenceSets {
 public:
  explicit ReferenceSets(const LiveScope& live);

  // Fills the sets from the lines of a table; an empty observer if none is concerned.
  LineObserver observe(const TravellingTable& table);

  // After every travelling table was read: does it surely stay inside the company?
  bool proves(const Reference& reference) const;

 private:
  using TargetKey = std::pair<TableIndex, int16_t>;

  const LiveScope& live_;
  std::map<TargetKey, BoundedIntegerSet> keys_;               // values that rows have
  std::map<const Reference*, BoundedIntegerSet> references_;  // values that rows refer to
};

}  // namespace company_backup
