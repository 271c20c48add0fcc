// Values of an archive that the tables here have no place for: put aside while they are found, then
// listed by restore_problems() for as long as the restore is in review.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/load/drift_scan.hpp"
#include "pg/restore/problem_list.hpp"

namespace company_backup {

class LostValues {
 public:
  // Puts each value aside.
  LossObserver observer();

  // To be called once: lists them as problems of the restore, and tells how many there are.
  void record(int64_t restore);

 private:
  void note(const LostValue& value);

  ProblemList list_;
};

// What a preview says of the values of a table that is here.
std::vector<std::string> loss_notes(const SchemaDrift& drift, const Table& table);

// Rows of a preview for tables of the archive that are not.
Rows lost_tables(const SchemaDrift& drift);

}  // namespace company_backup
