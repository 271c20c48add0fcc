// Loads the rows of an archive into a company that is made, and proves that they are its own.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "pg/load/matched_archive.hpp"

namespace company_backup {

class CompanyLoader {
 public:
  // Both must outlive it.
  CompanyLoader(const LiveScope& live, MatchedArchive& archive) : live_(live), archive_(archive) {}

  // Of rows that all have to be made: error kMissingValue if that cannot be.
  void require_values() const;

  // What the row of a new company gets in columns that do not travel.
  void add_replacements(CompanyRow& row) const;

  // Adds the row of a new company. `given`: the columns of it that are not from the archive.
  void add_company(const CompanyRow& row, const CompanyRow& given);

  // Loads all tables but the company table. Returns the number of rows.
  uint64_t load_tables();

  // Proves the foreign keys of the company's rows. Error kIntegrity.
  void prove_references(const Company& company) const;

  // Proves that every loaded row belongs to `company`, and that it has no others. Errors:
  // kIntegrity; kSerializationFailure when somebody else added rows.
  void prove_counts(const Company& company) const;

 private:
  uint64_t load_table(const MatchedTable& table);
  void note_mapped(const MatchedTable& table, const RowMapper& mapper);

  const LiveScope& live_;
  MatchedArchive& archive_;
  std::map<TableIndex, uint64_t> loaded_;  // rows
  std::set<const Reference*> mapped_;      // see note_mapped()
};

}  // namespace company_backup
