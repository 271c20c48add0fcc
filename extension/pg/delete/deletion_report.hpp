// What a deletion did, and the proof that nothing is left: the lines of deletion_report().
#pragma once

#include <cstdint>
#include <string>

#include "pg/delete/company_removal.hpp"
#include "pg/delete/stored_things.hpp"

namespace company_backup {

class DeletionReport {
 public:
  void add(const char* what, const std::string& object, uint64_t count, const std::string& note);
  std::string json() const { return "[" + lines_ + "]"; }

 private:
  std::string lines_;  // [what, object, count, note], ...
};

// After CompanyRemoval::settle(): what became of the rows.
void report_rows(const LiveScope& live, const CompanyRemoval& removal, DeletionReport& report);
void report_stored(const std::vector<StoredThings>& things, DeletionReport& report);

// Looks once more, as of this moment, in every place that says whose a row is: routes,
// columns that hold the company's key whatever else leads to it, references that rules declare.
void report_left(const LiveScope& live, const Company& company, const CompanyRemoval& removal,
                 DeletionReport& report);

}  // namespace company_backup
