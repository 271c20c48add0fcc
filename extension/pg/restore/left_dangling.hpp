// References that no foreign key says, of rows that stay in append-only tables, beside a selection
// or beside rows that are left out, to rows that a restore removes. A log may well refer to what is
// no more: the restore tells of them, one by one. (Beside a selection most stop it, see
// cut_references.hpp; what rows need that stay beside others stays, too, see needed_rows.hpp.)
#pragma once

#include <cstdint>
#include <functional>

#include "pg/check/row_origin.hpp"
#include "pg/restore/problem_list.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// May the reference be of such a row of an append-only table?
bool is_of_log(const LiveScope& live, const Reference& reference);

class LeftDangling {
 public:
  // After rows are written, under the snapshot that they were read with: those that lead nowhere
  // and did not before. `written`: rows of the restore, for which it answers otherwise. `wanted`:
  // which references are looked at.
  void find(const LiveScope& live, const Company& company, const WrittenRows& written,
            const std::function<bool(const Reference&)>& wanted);

  // Writes them as problems of the restore, and tells how many there are.
  void record(int64_t restore);

 private:
  ProblemList problems_;
};

}  // namespace company_backup
