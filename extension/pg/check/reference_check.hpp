// References of one company that lead nowhere or to another company. Read-only, under the active
// snapshot; run the same way for check_company_data and for every backup.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/check/reference_sets.hpp"
#include "pg/check/row_origin.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

struct ReferenceProblem {
  TableIndex table;
  std::string row_key;
  std::string reference;
  std::string problem;
};

// A row whose reference that no foreign key says leads nowhere or to another company.
struct DanglingRow {
  const Reference& reference;
  std::string row_key;
  bool written;                  // since ...
  std::vector<std::string> key;  // in PostgreSQL's text form; empty: its table has none
  std::string value, problem;
};

// All of them, but for those whose rule keeps or nulls what leads to another company. What `proved`
// proves is not asked again.
std::vector<ReferenceProblem> check_references(const LiveScope& live, const Company& company,
                                               const ReferenceSets* proved = nullptr);

// "sales.line (7), line_invoice_fkey: leads nowhere ...", for a DETAIL.
std::string problem_text(const LiveScope& live, const ReferenceProblem& problem);

// After rows were loaded: the same of the references that no foreign key says, over all rows of the
// company as the active snapshot sees them. Error kIntegrity.
// `origin`: only rows of the same company may lead to what does not travel.
void prove_soft_references(const LiveScope& live, const Company& company, const RowOrigin& origin,
                           const std::function<bool(const Reference&)>& wanted);

// The same, but tells of each such row, and of each value in it, instead of raising an error.
void find_dangling(const LiveScope& live, const Company& company, const RowOrigin& origin,
                   const WrittenRows& since, const std::function<bool(const Reference&)>& wanted,
                   const std::function<void(const DanglingRow&)>& found);

// May it lead to no company but the row's own? A row that names another one turns up among that
// company's, whatever IDs it was loaded with.
bool names_company(const LiveScope& live, const Reference& reference);

// The text of an "ERROR: ..." about them: the first rows by name, and how many there are.
[[noreturn]] void refuse_references(const LiveScope& live, const Company& company,
                                    const std::vector<ReferenceProblem>& problems);

}  // namespace company_backup
