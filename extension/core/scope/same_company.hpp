// Do the values of a column lead to rows of the same company as the row that has them? Small
// numbers are keys of every table; those of another company's rows are keys by chance.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/scope/evidence.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// Values at one place, and rows that they may be the keys of.
struct CompanyComparison {
  size_t place = 0;                // of the evidence
  bool is_own_known = true;        // the company of the rows at the place
  std::vector<size_t> matches;     // of the place
  std::set<TableIndex> read = {};  // all tables that are looked at
};

// Places whose values could be keys by chance: compared with what else says whose their rows are,
// if anything does.
std::vector<CompanyComparison> company_comparisons(const Schema& schema, const Scope& scope,
                                                   const Evidence& evidence);

// A query for the keys of companies as texts: the row's own, then for each match that of the row
// that the value is the key of; NULL if there is none. `sample`: FROM item of the place's table,
// called t, of which up to `most` rows are taken, wherever they stand; `without`: none of this
// company's.
std::string comparison_query(const Schema& schema, const Scope& scope, const Evidence& evidence,
                             const CompanyComparison& comparison, const std::string& sample,
                             int most, const std::optional<std::string>& without = std::nullopt);

// Counts rows whose value leads to a row of a company.
class CompanyCounter {
 public:
  void add(std::string_view own, std::string_view other);
  // Whose own company is not known.
  void add(std::string_view other) { others_.insert(std::string(other)); }
  // Are all of them of one company?
  bool is_only_one() const { return others_.size() == 1; }
  SameCompany count() const;
  std::string largest() const;  // the company that most rows are of; empty: there are none

 private:
  std::map<std::string, std::pair<uint32_t, uint32_t>, std::less<>> companies_;  // all, and same
  std::set<std::string, std::less<>> others_;  // that rows lead to
};

}  // namespace company_backup
