// What the rows of an archive say of its drift (core/archive/schema_drift.hpp): which values the
// tables here have no place for.
#pragma once

#include <functional>
#include <string>

#include "core/archive/schema_drift.hpp"
#include "pg/rows/row_source.hpp"

namespace company_backup {

// A value, or a whole row, that the database cannot have as the archive does.
struct LostValue {
  const DriftTable& table;
  std::string row_key;  // "(7)"; empty: the table has no key
  std::string sqlstate, problem;
  std::string data;  // JSON: the row, or an object of the value alone
};
using LossObserver = std::function<void(const LostValue& value)>;

// Sets what stands for values that cannot be had, and counts them in all tables where there may be
// some: one pass through their rows. `lost` may be empty. Errors: those of the source and of
// ReplacementValues.
void scan_drift(SchemaDrift& drift, RowSource& source, const LossObserver& lost);

// How lines of a table of the archive are read.
std::vector<RowColumn> archived_columns(const DriftTable& table);

}  // namespace company_backup
