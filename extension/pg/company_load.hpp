// Loads the rows of a backup into an empty company: every value on its way from the archive's line
// to the table, with references to the company, shared rows and people translated.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/archive_match.hpp"
#include "core/column_roots.hpp"
#include "core/line_mapper.hpp"
#include "pg/archive_rows.hpp"
#include "pg/archived_files.hpp"
#include "pg/row_loader.hpp"
#include "pg/sequences.hpp"
#include "pg/shared_match.hpp"

namespace company_backup {

// Values of a row of the company table by attribute number; NULL: nullopt.
using CompanyRow = std::map<int16_t, Text>;

class CompanyLoad {
 public:
  // Matches structure and shared rows; nothing is written yet. All references must outlive it.
  // Errors: see match_archive() and SharedMatch.
  CompanyLoad(const LiveScope& live, const Manifest& manifest, MemberSource& source,
              const ArchivedFiles& files, bool same_database, const MatchOptions& options,
              const Text& actor);

  // The company's row as it is in the archive, the loaded columns only, in PostgreSQL's text form.
  const CompanyRow& archived_company() const { return archived_company_; }

  // Columns of the company table whose values other rows hold.
  std::vector<int16_t> company_key_columns() const;

  // Says what these columns hold in the target's row. To be called before anything is loaded.
  void set_company_keys(const CompanyRow& target);

  // The archived row as it is to be in the target: references translated, not yet overridden.
  CompanyRow translated_company();

  // Adds the row of a new company.
  void add_company(const CompanyRow& row);

  // Loads all tables but the company table. Returns the number of rows.
  uint64_t load_tables();

  // Proves the foreign keys, that every loaded row belongs to `company` and that it has no others;
  // moves the sequences. Errors: kIntegrity; kSerializationFailure when somebody else added rows.
  void prove(const Company& company);

  // For a merge. The tables of the archive, and of each its lines and who loads them.
  const Manifest& manifest() const { return manifest_; }
  const std::vector<MatchedTable>& tables() const { return tables_; }
  std::unique_ptr<LineSource> lines(const MatchedTable& table);
  LineMapper line_mapper(const MatchedTable& table);
  std::unique_ptr<RowLoader> loader(const MatchedTable& table);
  ReadBytes bytes_of(const MatchedTable& table) const;
  // The archived company row with its references translated, as a line.
  std::string translated_company_line();
  // Behind loaded columns, and the furthest values they saw.
  std::vector<ColumnSequence>& sequences() { return sequences_; }
  bool is_of_this_database() const { return same_database_; }

 private:
  RowMapper make_mapper(const MatchedTable& table);
  void add_reference(RowMapper& mapper, const MatchedTable& table, const Reference& reference);
  const KeyMap& company_keys(int16_t column);
  std::vector<const KeyMap*> maps_of(TableIndex table, int16_t column);
  uint64_t load_table(const MatchedTable& table);
  void count_rows(const Company& company) const;
  const MatchedTable* company_table() const;

  const LiveScope& live_;
  const Manifest& manifest_;
  MemberSource& source_;
  const ArchivedFiles& files_;
  bool same_database_;
  std::vector<MatchedTable> tables_;
  ColumnRoots roots_;
  SharedMatch shared_;
  CompanyRow archived_company_;
  std::map<int16_t, std::unique_ptr<KeyMap>> company_maps_;
  std::map<TableIndex, uint64_t> loaded_;  // rows
  std::vector<ColumnSequence> sequences_;
};

}  // namespace company_backup
