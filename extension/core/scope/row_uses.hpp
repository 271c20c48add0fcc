// Whose the rows of a table are that no column leads from to a company, by who uses them: a row
// that rows of two companies refer to is nobody's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/scope/evidence.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// A reference to rows that the scope takes for everybody's, or asks about, from rows whose company
// their route says in a few steps that look a key up.
struct RowUse {
  TableIndex table = kNoTable;  // used
  TableIndex by = kNoTable;
  RouteStep step;                  // from a row of `by` to the row
  std::set<TableIndex> read = {};  // all tables that are looked at
};

std::vector<RowUse> row_uses(const Schema& schema, const Rules& rules, const Scope& scope);

// A query for rows that are used, as a text that tells each apart, and for the key of the company
// that does, NULL if there is none. `sample`: FROM item of the table `by`, called t; a few uses of
// each of up to `most` / 10 rows are taken, of the same rows of whatever table refers to them.
std::string uses_query(const Schema& schema, const Scope& scope, const RowUse& use,
                       const std::string& sample, int most);

class UseCounter {
 public:
  void add(std::string_view row, std::string_view company);
  // `rows`: how many the table has; 0: that is not known.
  UseEvidence count(uint64_t rows) const;

 private:
  std::map<std::string, std::map<std::string, uint32_t>, std::less<>> rows_;
};

struct UseJudgement {
  enum class Kind {
    kUnknown,
    kShared,
    kApart,        // each row is used by one company
    kMostlyApart,  // most are, and far fewer are shared than would be if they were everybody's
  };
  Kind kind = Kind::kUnknown;
  Confidence confidence = Confidence::kGuess;
  std::string evidence = {};
};

// `table`: what is known of it; null: nothing.
UseJudgement judge_uses(const UseEvidence* table);

}  // namespace company_backup
